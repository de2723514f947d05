DROP TABLE conversion_days, credit_days, credits, conversions, identity_links, unsettled, settlements, short_links, touches_untold, touches, sites,
    ad_day_versions, ad_days, campaigns, payout_entries, payouts, disputes, refunds, payment_days_stale, payment_days, payments, blocks, booking_days_stale, booking_days, bookings, staff, services, clients, sync_runs, findings, cursors,
    inbound_events, raw_records, external_links, oauth_states, connections, idempotency_keys, rate_buckets, due_work,
    reactions_done, events, public_addresses, audit_entries, locations, api_tokens, one_time_links, sessions,
    memberships, businesses, users, accounts;

DROP FUNCTION mark_booking_days, mark_payment_days;
