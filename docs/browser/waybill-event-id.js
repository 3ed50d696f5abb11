/*
 * The event ids that Waybill makes in the warehouse, made in the browser, so that the platform sees one conversion
 * where Pixel and server both report it. No dependency, nothing asynchronous, any browser since 2010.
 *
 *   fbq('track', 'Purchase', {value: 20, currency: 'EUR'}, {eventID: waybillEventId.purchase('1001')});
 *
 * An id is the kind of event and the key that the warehouse knows it by, as it stands there: purchase_1001. One of more
 * than 64 characters is the kind and the first 48 hex digits of the SHA-256 of the id it would have been.
 */
var waybillEventId = (function () {
  'use strict';

  var LONGEST = 64;

  /* A key as the warehouse writes it; undefined when it is none, because ids must never be shared by accident. */
  function written(key) {
    if (typeof key === 'number') {
      return isFinite(key) && Math.floor(key) === key && Math.abs(key) <= 9007199254740991 ? String(key) : undefined;
    }
    return typeof key === 'string' && key !== '' ? key : undefined;
  }

  /* Code points, as a warehouse counts characters; half a surrogate pair is U+FFFD, as in every UTF-8 encoder. */
  function codePoints(text) {
    var points = [];
    for (var i = 0; i < text.length; i++) {
      var unit = text.charCodeAt(i);
      var next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
        points.push(0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
        i++;
      } else {
        points.push(unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit);
      }
    }
    return points;
  }

  function textOf(points) {
    var text = '';
    for (var i = 0; i < points.length; i++) {
      var high = points[i] - 0x10000;
      text += high < 0
        ? String.fromCharCode(points[i])
        : String.fromCharCode(0xd800 + (high >> 10), 0xdc00 + (high & 0x3ff));
    }
    return text;
  }

  function utf8(points) {
    var bytes = [];
    for (var i = 0; i < points.length; i++) {
      var point = points[i];
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
      else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      else {
        bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      }
    }
    return bytes;
  }

  /* The first 32 bits of the fractional part of a root of a prime: SHA-256's constants. */
  function fraction(root) {
    return ((root - Math.floor(root)) * 0x100000000) | 0;
  }

  function constants() {
    var found = {initial: [], rounds: []};
    for (var n = 2; found.rounds.length < 64; n++) {
      var isPrime = true;
      for (var d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false;
      if (!isPrime) continue;
      if (found.initial.length < 8) found.initial.push(fraction(Math.pow(n, 1 / 2)));
      found.rounds.push(fraction(Math.pow(n, 1 / 3)));
    }
    return found;
  }

  /* FIPS 180-4, over bytes, as lower-case hex. */
  function sha256(bytes) {
    var known = constants();
    var hash = known.initial;
    var w = [];
    var bits = bytes.length * 8;
    bytes.push(0x80);
    while (bytes.length % 64 !== 56) bytes.push(0);
    for (var shift = 56; shift >= 0; shift -= 8) bytes.push(shift >= 32 ? 0 : (bits >>> shift) & 255);

    function rotated(x, by) {
      return (x >>> by) | (x << (32 - by));
    }

    for (var start = 0; start < bytes.length; start += 64) {
      var v = hash.slice();
      for (var t = 0; t < 64; t++) {
        if (t < 16) {
          var at = start + 4 * t;
          w[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
        } else {
          var a = w[t - 15];
          var b = w[t - 2];
          w[t] = (w[t - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ (a >>> 3))
            + w[t - 7] + (rotated(b, 17) ^ rotated(b, 19) ^ (b >>> 10))) | 0;
        }
        var one = (v[7] + (rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25))
          + ((v[4] & v[5]) ^ (~v[4] & v[6])) + known.rounds[t] + w[t]) | 0;
        var two = ((rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22))
          + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))) | 0;
        v = [(one + two) | 0, v[0], v[1], v[2], (v[3] + one) | 0, v[4], v[5], v[6]];
      }
      for (var i = 0; i < 8; i++) hash[i] = (hash[i] + v[i]) | 0;
    }

    var hex = '';
    for (var j = 0; j < 8; j++) hex += ('0000000' + (hash[j] >>> 0).toString(16)).slice(-8);
    return hex;
  }

  /* The id of one event of a kind: make('schedule', 'A-7'), make('purchase', '1001', 2). Undefined without its keys. */
  function make(kind) {
    var id = kind;
    for (var i = 1; i < arguments.length; i++) {
      var key = written(arguments[i]);
      if (key === undefined) return undefined;
      id += '_' + key;
    }
    if (arguments.length < 2) return undefined;
    var points = codePoints(id);
    return points.length <= LONGEST ? textOf(points) : kind + '_' + sha256(utf8(points)).slice(0, 48);
  }

  return {
    make: make,
    purchase: function (orderId) { return make('purchase', orderId); },
    lead: function (leadId) { return make('lead', leadId); },
    trial: function (subscriptionId) { return make('trial', subscriptionId); },
    subscribe: function (subscriptionId) { return make('subscribe', subscriptionId); }
  };
})();
