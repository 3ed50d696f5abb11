-- What Meta documents: the keys of an event, and the currencies of ISO 4217. Kept apart from the models that write payloads.
-- Pages of the Conversions API: server event parameters, customer information parameters, standard parameters.
-- A key that nobody documents is more likely a leak or a slip than a new feature.
create or replace temp macro words(text) as regexp_split_to_array(trim(text, chr(10) || ' '), '\s+');

set variable event_keys = words('
    event_name event_time user_data action_source event_source_url event_id custom_data referrer_url opt_out
    data_processing_options data_processing_options_country data_processing_options_state customer_segmentation
    original_event_data attribution_data advanced_measurement_table messaging_channel app_data
');

set variable action_sources = words('
    email website app phone_call chat physical_store system_generated business_messaging other
');

-- data processing options: California to Rhode Island
set variable ldu_states = range(1000, 1014);

set variable user_data_keys = words('
    em ph fn ln ge db ct st zp country external_id client_ip_address client_user_agent fbc fbp lead_id
    subscription_id fb_login_id madid anon_id ctwa_clid page_id page_scoped_user_id ig_account_id ig_sid
    whatsapp_business_account_id
');

set variable custom_data_keys = words('
    value currency content_ids content_type contents delivery_category order_id item_number num_items search_string
    content_name content_category status predicted_ltv net_revenue lead_event_source event_source store_data
    customer_segmentation
');

set variable contents_keys = words('
    id quantity item_price delivery_category price brand category title description
');

set variable store_data_keys = words('store_page_id brand_page_id store_code');

set variable keys_inside_custom_data = list_distinct(
    getvariable('custom_data_keys') || getvariable('contents_keys') || getvariable('store_data_keys')
);

set variable app_data_keys = words('
    advertiser_tracking_enabled application_tracking_enabled extinfo campaign_ids install_referrer installer_package
    url_schemes windows_attribution_id vendor_id consider_views include_dwell_data include_video_data receipt_data
');

set variable original_event_data_keys = words('event_name event_time order_id event_id');

set variable attribution_data_keys = words('
    ad_id touchpoint_ts attribution_share attribution_value scope visit_time adset_id campaign_id attribution_model
    attr_window attribution_source touchpoint_type attribution_method decline_reason auditing_token linkage_key
    touchpoint_id attribution_setting total_credit partner_client_id
');

-- Identifiers in clear that examine.sql judges by their place here: a number of 15 to 17 digits, any text without blanks,
-- a UUID, two of letters and digits, then numbers
set variable clear_identifiers = words('
    lead_id subscription_id madid anon_id ctwa_clid fb_login_id page_id page_scoped_user_id ig_account_id ig_sid
    whatsapp_business_account_id
');

-- what other systems write where there is nothing
set variable hashes_of_nothing = array_to_string([
    sha256(nothing)
    for nothing in ['', ' ', '-', 'n/a', 'null', 'none', 'nan', 'nil', 'undefined', 'unknown', '0']
], '|');

-- ISO 4217
set variable currencies = words('
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
');

-- the unit is worth a hundredth of a euro or less: everyday amounts have many digits
set variable small_units = words('
    ALL AMD AOA ARS BDT BIF CDF CLP COP CRC CVE DJF DZD ETB GNF GYD HTG HUF IDR INR IQD IRR ISK JMD JPY KES KHR KMF KPW
    KRW KZT LAK LBP LKR LRD MGA MMK MNT MWK NGN NPR PKR PYG RSD RUB RWF SDG SOS SSP SYP TZS UGX UZS VES VND VUV XAF XOF
    XPF YER
');

-- exponent 0: whole numbers only
set variable whole_units = words('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF');
