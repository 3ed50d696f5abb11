-- What can be said of every row of a delta file without showing it: one row per judged event with booleans (true: this
-- defect is there) and numbers. It reads the payload's text and shares nothing with the models that build it.
-- A defect that cannot be decided because the payload is no JSON object is `payload_not_json` and nothing else.

-- source / entity / key: the lines of one store order are one order
create or replace temp macro order_key_of(source_key) as array_to_string(string_split(source_key, '/')[1:3], '/');

-- Eighths of a power of ten.
create or replace temp macro magnitude_of(value) as cast(floor(log10(value) * 8) as bigint);

create or replace temp macro text_of(value) as value ->> '$';

-- An identifier is one hash or a list of them; the suffix is the Parameter Builder's (8 characters, formerly 2).
create or replace temp macro not_sha256(value) as
    value is not null and not regexp_full_match(
        cast(value as varchar),
        '"[a-f0-9]{64}(\.[A-Za-z0-9_-]{8}|\.[A-Za-z]{2})?"'
        || '|\["[a-f0-9]{64}(\.[A-Za-z0-9_-]{8}|\.[A-Za-z]{2})?"(,"[a-f0-9]{64}(\.[A-Za-z0-9_-]{8}|\.[A-Za-z]{2})?")*\]'
    );

-- Any script, composed or not, with marks that nobody sees; percent-encoded, also twice. Digits alone or `@` in a path
-- (…/@user/post.html) are not an address.
create or replace temp macro has_email(value) as
    regexp_matches(
        value,
        '[\p{L}\p{M}\p{N}\p{Cf}_.+''-]([@＠﹫]|%(25)*40)'
        || '([\p{L}\p{M}\p{N}\p{Cf}-]+([.．。｡]|%(25)*2[Ee]))+\p{Cf}*\p{L}[\p{L}\p{M}\p{Cf}]+'
    );

-- Written as a phone number: a plus and 8 to 15 digits, or the national groupings with separators; digits, blanks and
-- dashes of any script. Bare digits are order numbers, product ids and time stamps, and pass. `neighbour` is what may
-- stand before the plus.
create or replace temp macro has_phone_after(neighbour, value) as
    regexp_matches(
        value,
        '(^|' || neighbour || ')([+＋﹢]|%2[Bb])[\p{Zs}\p{Cf}]?[^\P{Nd}0]'
        || '([\t\p{Zs}\p{Pd}\p{Cf}−().·•（）．／/]{0,4}\p{Nd}){7,14}(\P{Nd}|$)'
    );

create or replace temp macro has_phone_with_country(value) as has_phone_after('\P{Nd}', value);

create or replace temp macro has_national_phone(value) as
    regexp_matches(
        value,
        '(^|[^\p{Nd}A-Za-z.-])(\([2-9]\p{Nd}{2}\)\p{Zs}?|[2-9]\p{Nd}{2}[.\p{Zs}\p{Pd}])\p{Nd}{3}[.\p{Zs}\p{Pd}]\p{Nd}{4}'
        || '([^\p{Nd}A-Za-z.-]|[.][^\p{Nd}\p{L}]|[.]?$)'
    )
    or regexp_matches(
        value,
        '(^|[^\p{Nd}A-Za-z.-])(0[1-9]\p{Nd}{1,3}[\p{Zs}/]\p{Nd}{6,8}|0[1-9]\p{Nd}{1,3}\p{Zs}\p{Nd}{3,4}\p{Zs}\p{Nd}{3,5}'
        || '|0[1-9](\p{Zs}\p{Nd}{2}){4})([^\p{Nd}A-Za-z.-]|[.][^\p{Nd}\p{L}]|[.]?$)'
        || '|(^|[^\p{Nd}A-Za-z_.-])0[1-9]\p{Nd}{1,3}\p{Pd}\p{Nd}{6,8}([^\p{Nd}A-Za-z_.-]|$)'
    );

create or replace temp macro has_phone(value) as has_phone_with_country(value) or has_national_phone(value);

-- In an address a plus behind a word is a blank (`?q=grinder+40063813`), in a user agent part of the word.
create or replace temp macro has_phone_in_url(url) as
    has_phone_after('[^\p{Nd}\p{L}_.-]', url) or has_national_phone(url);

-- A street with its house number and, soon after, a postal code, on one line or several. A street alone may be the name
-- of a product. chr(31) parts one text from the next.
create or replace temp macro has_postal_address(value) as
    regexp_matches(
        value,
        '(?i)(^|[^0-9\p{L}])('
        || '[0-9]{1,5}[a-z]?,?[\s+]+([\p{L}\p{M}''’.-]+[\s+]+){0,3}'
        || '(street|st\.|road|rd\.?|avenue|ave\.?|lane|drive|boulevard|blvd\.?|rue|chemin|impasse|alle\p{M}?e|allée)[\s+,]'
        || '|[\p{L}\p{M}-]*(straße|strasse|str\.|gasse|weg|platz|allee|straat|laan|gatan|vägen|va\p{M}gen)[\s+]+[0-9]{1,4}'
        || '|(calle|avenida|via|viale|piazza|rua|ulica|ul\.)[\s+]+([\p{L}\p{M}''’.-]+,?[\s+]+){1,4}[0-9]{1,4}'
        || ')[^\x1f]{0,60}?('
        || '[^0-9A-Za-z\x1f][0-9]{5,6}(-[0-9]{3,4})?|,[ +]*[0-9]{4}[ +]+\p{L}[\p{L} +-]*'
        || '|[^0-9A-Za-z\x1f][A-Z]{1,2}[0-9][0-9A-Z]?[ +]?[0-9][A-Z]{2}|[^0-9A-Za-z\x1f][A-Z][0-9][A-Z][ +]?[0-9][A-Z][0-9]'
        || ')([^0-9A-Za-z]|$)'
    );

-- An event_id is shown only where it is surely not contact data itself: bare digits might be a phone number.
create or replace temp macro shown_event(event_id, position) as
    if(
        regexp_full_match(event_id, '[A-Za-z0-9_.:-]{1,64}') and not has_phone(event_id)
        and not regexp_full_match(event_id, '[0-9]{7,15}'),
        event_id,
        'row ' || position
    );

-- By the end of its name where that is never said of anything else (`billing_email`), else by the whole name
-- (`mobile`, but not `is_mobile`), also in brackets (`customer[first_name]`).
create or replace temp macro has_personal_parameter(url) as
    regexp_matches(
        url,
        '(?i)[?&;#]('
        || '([^?&;#=]*[_.\[-])?(e-?mail|e?mail_?addr(ess)?|phone|phone_?number|password|passwd|token|secret|api_?key|auth'
        || '|session_?id)'
        || '|([^?&;#=]*\[)?(mail|tel|telephone|mobile|first_?name|last_?name|full_?name|fname|lname|surname|street|address'
        || '|dob|birth_?da(y|te)|accesstoken|apikey|sid)'
        || ')\]?=[^&;#]'
    );

-- The expected payload keys; a key that appears twice could hide one value behind another.
create or replace temp macro has_other_keys(keys, known) as
    not list_has_all(known, keys) or len(list_distinct(keys)) <> len(keys);

-- The keys at every depth: what stands before a colon outside of texts, in which a quote is escaped.
create or replace temp macro keys_inside(value) as
    regexp_extract_all(coalesce(cast(value as varchar), ''), '"([^"\\]*)":', 1);

-- For a flat object that need not be there.
create or replace temp macro is_other_object(value, known) as
    value is not null and (json_type(value) <> 'OBJECT' or has_other_keys(keys_inside(value), known));

-- DuckDB lets NaN, Infinity and trailing commas pass as JSON, platforms do not. Looked for outside of texts only.
create or replace temp macro is_lenient_json(document) as
    case
        when regexp_matches(document, '(?i)nan|inf|,\s*[}\]]')
            then regexp_matches(regexp_replace(document, '"(\\.|[^"\\])*"', '""', 'g'), '(?i)nan|inf|,\s*[}\]]')
        else false
    end;

-- An amount that is there and is no number, or none of this world
create or replace temp macro is_no_amount(amount, smallest, largest) as
    amount is not null and not coalesce(try_cast(text_of(amount) as double) between smallest and largest, false);

-- Not materialized: the payloads stream through and are never held together.
create or replace temp table scanned as
with parsed as not materialized (
    select
        position, dataset, source_key, event_kind, event_name, event_id, occurred_at, expires_at, value, currency, payload_digest,
        event_id_taken, payload,
        -- `case`, because `and` may look at the document's type before it is known to have one
        case
            when json_valid(payload) then json_type(payload) = 'OBJECT' and not is_lenient_json(payload)
            else false
        end as is_object,
    from delta
    where not past_expiry
),

-- Unescaped and without spaces, so that \u0040 is an @; the one place where the document is parsed for its values
opened as not materialized (
    select
        *,
        case when is_object then cast(json(payload) as varchar) end as document,
        case when is_object then json_extract(payload, [
            '$.event_name', '$.event_id', '$.event_time', '$.action_source', '$.event_source_url', '$.referrer_url',
            '$.user_data', '$.custom_data', '$.custom_data.value', '$.custom_data.currency', '$.custom_data.contents',
            '$.user_data.em', '$.user_data.ph', '$.user_data.fn', '$.user_data.ln', '$.user_data.ge', '$.user_data.db',
            '$.user_data.ct', '$.user_data.st', '$.user_data.zp', '$.user_data.country', '$.user_data.external_id',
            '$.user_data.client_ip_address', '$.user_data.client_user_agent', '$.user_data.fbc', '$.user_data.fbp',
            '$.data_processing_options', '$.data_processing_options_country', '$.data_processing_options_state',
            '$.opt_out', '$.app_data', '$.original_event_data', '$.attribution_data', '$.custom_data.store_data',
            '$.customer_segmentation', '$.messaging_channel', '$.advanced_measurement_table'
        ]) end as found,
    from parsed
),

named as not materialized (
    select
        * exclude (found),
        text_of(found[1]) as p_event_name,
        text_of(found[2]) as p_event_id,
        found[3] as p_event_time,
        text_of(found[4]) as p_action_source,
        text_of(found[5]) as p_event_source_url,
        text_of(found[6]) as p_referrer_url,
        found[7] as user_data,
        found[8] as custom_data,
        found[9] as p_value,
        text_of(found[10]) as p_currency,
        found[11] as contents,
        found[12] as em, found[13] as ph, found[14] as fn, found[15] as ln, found[16] as ge, found[17] as db,
        found[18] as ct, found[19] as st, found[20] as zp, found[21] as country, found[22] as external_id,
        found[23] as client_ip_address, found[24] as client_user_agent, found[25] as fbc, found[26] as fbp,
        cast(found[27] as varchar) as ldu_options,
        cast(found[28] as varchar) as ldu_country,
        cast(found[29] as varchar) as ldu_state,
        found[30] as opt_out,
        found[31] as app_data, found[32] as original_event_data, found[33] as attribution_data, found[34] as store_data,
        found[35] as customer_segmentation, found[36] as messaging_channel, found[37] as advanced_measurement_table,
        coalesce(json_keys(found[7]), []) as user_keys,
        case
            when json_type(found[9]) in ('BIGINT', 'UBIGINT', 'DOUBLE') then try_cast(found[9] as double)
        end as p_number,
        case when text_of(found[4]) = 'physical_store' then interval 62 day else interval 7 day end as platform_window,
        order_key_of(source_key) as order_key,
    from opened
),

texts as not materialized (
    select
        *,
        if(
            list_contains(getvariable('small_units'), upper(p_currency)),
            getvariable('largest_value_of_small_units'), getvariable('largest_value')
        ) as largest_value,
        if(list_contains(getvariable('whole_units'), upper(p_currency)), 0.5, 0.005) as half_unit,
        concat_ws(
            chr(31),
            coalesce(try(url_decode(p_event_source_url)), p_event_source_url),
            coalesce(try(url_decode(p_referrer_url)), p_referrer_url)
        ) as urls,
        case
            when list_has_any(user_keys, getvariable('clear_identifiers'))
                then json_extract(user_data, list_transform(getvariable('clear_identifiers'), lambda key: '$.' || key))
        end as identifiers,
        -- The only fields with prose. Ids are full of digits in groups and not scanned for national phone numbers.
        concat_ws(
            chr(31), p_event_name, custom_data ->> '$.content_name', custom_data ->> '$.content_category',
            custom_data ->> '$.search_string', custom_data ->> '$.status', custom_data ->> '$.lead_event_source',
            custom_data ->> '$.event_source', array_to_string(contents ->> '$[*].title', chr(31)),
            array_to_string(contents ->> '$[*].description', chr(31)),
            array_to_string(contents ->> '$[*].brand', chr(31)), array_to_string(contents ->> '$[*].category', chr(31))
        ) as prose,
    from named
),

-- Every other text but hashes and what has a strict form: as JSON, whose quotes part one from the next
scannable as not materialized (
    select
        *,
        replace(
            replace(
                replace(
                    concat_ws(
                        chr(31), p_event_name, cast(custom_data as varchar), cast(app_data as varchar),
                        cast(original_event_data as varchar), cast(attribution_data as varchar),
                        cast(customer_segmentation as varchar), cast(messaging_channel as varchar),
                        cast(advanced_measurement_table as varchar), cast(identifiers as varchar)
                    ),
                    '"', chr(31)
                ),
                '\r', ''
            ),
            '\n', ' '
        ) as leaves,
    from texts
)

select
    position as row_number,
    shown_event(event_id, position) as event,

    source_key is null or source_key = '' as source_key_missing,
    has_email(source_key) or has_phone(source_key) as source_key_is_contact_data,
    event_id is null or trim(event_id) = '' as event_id_missing,
    length(event_id) > 64 as event_id_too_long,
    coalesce(event_id_taken, true) as event_id_taken,
    has_email(event_id) or has_phone(event_id) as event_id_is_contact_data,

    event_name is null or trim(event_name) = '' as event_name_missing,
    length(event_name) > 50 as event_name_too_long,
    dataset is null or trim(dataset) = '' as dataset_missing,

    not coalesce(is_object, false) as payload_not_json,
    payload_digest is null or payload_digest <> sha256(payload) as payload_digest_wrong,
    is_object and (
        has_other_keys(json_keys(document), getvariable('event_keys'))
        or has_other_keys(user_keys, getvariable('user_data_keys'))
        or (custom_data is not null and json_type(custom_data) <> 'OBJECT')
        or has_other_keys(coalesce(json_keys(custom_data), []), getvariable('custom_data_keys'))
        or (contents is not null and json_type(contents) <> 'ARRAY')
        or not list_has_all(getvariable('keys_inside_custom_data'), keys_inside(custom_data))
        or len([keys for keys in json_keys(contents, '$[*]') if has_other_keys(keys, getvariable('contents_keys'))]) > 0
        or is_other_object(store_data, getvariable('store_data_keys'))
        or is_other_object(app_data, getvariable('app_data_keys'))
        or is_other_object(original_event_data, getvariable('original_event_data_keys'))
        or is_other_object(attribution_data, getvariable('attribution_data_keys'))
        or json_type(customer_segmentation) <> 'VARCHAR'
    ) as payload_keys_unknown,
    is_object and trim(event_id) <> '' and p_event_id is distinct from event_id as event_id_differs,
    is_object and p_event_name is distinct from event_name as event_name_differs,
    is_object
    and not coalesce(list_contains(getvariable('action_sources'), p_action_source), false) as action_source_unknown,
    not regexp_matches(coalesce(p_event_source_url, 'http://'), '^https?://')
    or not regexp_matches(coalesce(p_referrer_url, 'http://'), '^https?://') as event_source_url_not_http,

    is_object and not coalesce(
        json_type(p_event_time) in ('BIGINT', 'UBIGINT')
        and abs(try_cast(p_event_time as bigint) - epoch(occurred_at)) < 1, false
    ) as event_time_differs,
    occurred_at > getvariable('frozen_at') + interval 60 second as event_time_in_future,
    expires_at is null or expires_at <= getvariable('frozen_at') as expired,
    expires_at > occurred_at + platform_window as expires_after_window,

    is_object and len(user_keys) = 0 as user_data_empty,
    is_object and len(user_keys) > 0 and (
        list_has_all(['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent'], user_keys)
        or list_has_all(['db', 'client_user_agent'], user_keys)
        or list_has_all(['fn', 'ge'], user_keys)
        or list_has_all(['ln', 'ge'], user_keys)
    ) as user_data_too_broad,
    not_sha256(em) as em_not_sha256,
    not_sha256(ph) as ph_not_sha256,
    not_sha256(fn) as fn_not_sha256,
    not_sha256(ln) as ln_not_sha256,
    not_sha256(ge) as ge_not_sha256,
    not_sha256(db) as db_not_sha256,
    not_sha256(ct) as ct_not_sha256,
    not_sha256(st) as st_not_sha256,
    not_sha256(zp) as zp_not_sha256,
    not_sha256(country) as country_not_sha256,
    not_sha256(external_id) as external_id_not_sha256,
    regexp_matches(cast(user_data as varchar), getvariable('hashes_of_nothing')) as hash_of_nothing,
    client_ip_address is not null and not regexp_full_match(
        cast(client_ip_address as varchar),
        '"(((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(:[0-9.]{7,15})?)"'
    ) as client_ip_address_malformed,
    client_user_agent is not null
    and (json_type(client_user_agent) <> 'VARCHAR' or trim(text_of(client_user_agent)) = '') as client_user_agent_malformed,
    fbc is not null
    and not regexp_full_match(cast(fbc as varchar), '"fb\.[0-9]{1,2}\.[0-9]{1,16}\.[^\s"@]+"') as fbc_malformed,
    fbp is not null
    and not regexp_full_match(cast(fbp as varchar), '"fb\.[0-9]{1,2}\.[0-9]{1,16}\.[^\s"@]+"') as fbp_malformed,

    identifiers is not null and not coalesce(
        regexp_full_match(coalesce(cast(identifiers[1] as varchar), '100000000000000'), '"?[1-9][0-9]{14,16}"?')
        and regexp_full_match(coalesce(text_of(identifiers[2]), '-'), '[^\pZ\s]{1,256}')
        and regexp_full_match(
            coalesce(cast(identifiers[3] as varchar), '"00000000-0000-0000-0000-000000000000"'),
            '"[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}"'
        )
        and regexp_full_match(concat('"', text_of(identifiers[4]), text_of(identifiers[5]), '"'), '"[A-Za-z0-9_.:=-]*"')
        and len([
            number for number in identifiers[6:] if not regexp_full_match(cast(number as varchar), '"?[0-9]{5,20}"?')
        ]) = 0,
        false
    ) as clear_identifier_malformed,

    -- Without a state the platform looks for one by the address, and finds none where there is no address.
    coalesce(ldu_options, ldu_country, ldu_state) is not null and not coalesce(
        (ldu_options = '[]' and ldu_country is null and ldu_state is null)
        or (
            ldu_options = '["LDU"]' and ldu_country = '1'
            and list_contains(getvariable('ldu_states'), try_cast(ldu_state as bigint))
        )
        or (
            ldu_options = '["LDU"]' and ldu_country in ('0', '1') and ldu_state = '0' and client_ip_address is not null
        ),
        false
    ) as limited_data_use_malformed,
    opt_out is not null and json_type(opt_out) <> 'BOOLEAN' as opt_out_malformed,

    is_object and event_name = 'Purchase' and p_value is null as value_missing,
    p_value is not null and not coalesce(p_number >= 0 and p_number <= largest_value, false) as value_not_sane,
    -- a margin may be a loss; a million pieces are a mistake
    is_no_amount(json_extract(custom_data, '$.net_revenue'), -largest_value, largest_value)
    or is_no_amount(json_extract(custom_data, '$.predicted_ltv'), 0, largest_value)
    or is_no_amount(json_extract(custom_data, '$.num_items'), 0, 1e6)
    or coalesce(list_bool_or([
        is_no_amount(json_extract(content, '$.item_price'), 0, largest_value) or is_no_amount(json_extract(content, '$.price'), 0, largest_value)
        or is_no_amount(json_extract(content, '$.quantity'), 0, 1e6)
        for content in json_extract(contents, '$[*]')
    ]), false) as amount_not_sane,
    is_object and (
        (p_number is not null and (value is null or abs(p_number - value) > half_unit + 1e-9))
        or (p_value is null and value is not null and event_name <> 'Purchase')
    ) as value_differs,
    is_object and (event_name = 'Purchase' or p_value is not null) and p_currency is null as currency_missing,
    p_currency is not null and not list_contains(getvariable('currencies'), upper(p_currency)) as currency_unknown,
    p_currency is not null and upper(p_currency) is distinct from upper(currency) as currency_differs,

    has_email(coalesce(document, payload)) or has_email(urls) as email_in_payload,
    has_national_phone(prose) or has_phone_with_country(leaves) or has_phone_in_url(urls)
    or has_phone_in_url(text_of(client_user_agent)) as phone_in_payload,
    has_postal_address(leaves) or has_postal_address(urls) as postal_address_in_payload,
    has_personal_parameter(urls) as personal_parameter_in_url,

    -- What the rules about several rows and the measures of the set are made of; identifiers only as numbers
    dataset, event_kind, event_name, event_id, source_key, p_action_source,
    hash(order_key) as order_number,
    case when em is not null then hash(cast(em as varchar)) end as em_number,
    case when ph is not null then hash(cast(ph as varchar)) end as ph_number,
    case when external_id is not null then hash(cast(external_id as varchar)) end as external_id_number,
    case when fbp is not null then hash(cast(fbp as varchar)) end as fbp_number,
    case when fbc is not null then hash(cast(fbc as varchar)) end as fbc_number,
    case when client_ip_address is not null then hash(cast(client_ip_address as varchar)) end as ip_number,
    case when trim(event_id) <> '' then hash(event_id) end as event_id_number,
    cast(epoch(occurred_at) // 3600 as bigint) as occurred_hour,
    -- shops report their tills' sales by the day, so many at one second are nothing there
    case
        when coalesce(p_action_source, '') not in ('physical_store', 'system_generated') then cast(epoch(occurred_at) as bigint)
    end as occurred_second,
    -- what was bought in one go, but for physical stores, whose lines are events
    case
        when p_action_source is distinct from 'physical_store'
            then hash(coalesce(nullif(custom_data ->> '$.order_id', ''), order_key))
    end as bought_number,
    p_number as amount,
    upper(p_currency) as currency_code,
    largest_value,
from scannable;
