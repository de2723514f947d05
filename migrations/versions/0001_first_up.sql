-- The first shape of the database. Plain SQL, PostgreSQL 15 and newer, no extension needed.
-- Every business table carries business_id first in each key, so that row-level security and sharding both hold.

-- ---------------------------------------------------------------- accounts: who signs in, and to which business
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

-- Whoever founded an account may add businesses to it, also before there is one.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    founded_by uuid REFERENCES users,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON accounts (founded_by);

CREATE TABLE businesses (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    region text NOT NULL CHECK (region ~ '^[A-Z]{2}$'),
    is_demo boolean NOT NULL DEFAULT false,
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL
);
CREATE INDEX ON businesses (account_id);

CREATE TABLE memberships (
    business_id uuid NOT NULL REFERENCES businesses,
    user_id uuid NOT NULL REFERENCES users,
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'staff', 'accountant', 'read_only')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, user_id)
);
CREATE INDEX ON memberships (user_id);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    business_id uuid REFERENCES businesses,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT ''
);
CREATE INDEX ON sessions (user_id);
CREATE INDEX ON sessions (expires_at);

CREATE TABLE one_time_links (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('owner', 'invitation', 'password')),
    business_id uuid REFERENCES businesses,
    user_id uuid REFERENCES users,
    role text,
    email text,
    created_by uuid REFERENCES users,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE api_tokens (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    hint text NOT NULL DEFAULT '',
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'staff', 'accountant', 'read_only')),
    created_by uuid,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (business_id, id)
);
CREATE UNIQUE INDEX ON api_tokens (token_hash, business_id);

CREATE TABLE locations (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    name text NOT NULL,
    time_zone text,
    address text,
    is_active boolean NOT NULL DEFAULT true,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

CREATE TABLE audit_entries (
    business_id uuid NOT NULL REFERENCES businesses,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    user_id uuid,
    act text NOT NULL,
    subject text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (business_id, id)
);

-- ---------------------------------------------------------------- infra: addresses, events, schedule, limits
-- What a stranger's request names (a connection in a webhook URL, a site key, a short link) to the business it is of.
CREATE TABLE public_addresses (
    kind text NOT NULL,
    key text NOT NULL,
    business_id uuid NOT NULL REFERENCES businesses,
    target_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX ON public_addresses (business_id);

CREATE TABLE events (
    business_id uuid NOT NULL REFERENCES businesses,
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    payload jsonb NOT NULL,
    cause text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

CREATE TABLE reactions_done (
    business_id uuid NOT NULL,
    event_id bigint NOT NULL,
    reaction text NOT NULL,
    done_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, event_id, reaction),
    FOREIGN KEY (business_id, event_id) REFERENCES events ON DELETE CASCADE
);

CREATE TABLE due_work (
    business_id uuid NOT NULL REFERENCES businesses,
    kind text NOT NULL,
    target_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    every interval NOT NULL,
    PRIMARY KEY (business_id, kind, target_id)
);
CREATE INDEX ON due_work (due_at);

CREATE UNLOGGED TABLE rate_buckets (
    key text PRIMARY KEY,
    tokens double precision NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE idempotency_keys (
    business_id uuid NOT NULL REFERENCES businesses,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    response bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, key)
);

-- ---------------------------------------------------------------- sync: connections and what is known of the other side
CREATE TABLE connections (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    vendor text NOT NULL,
    environment text NOT NULL CHECK (environment IN ('production', 'sandbox', 'simulator', 'file')),
    name text NOT NULL,
    auth text NOT NULL,
    state text NOT NULL CHECK (state IN ('new', 'ok', 'degraded', 'rate_limited', 'needs_reauth', 'broken', 'paused', 'removed')),
    state_why text NOT NULL DEFAULT '',
    state_since timestamptz NOT NULL,
    account_remote_id text,
    account_name text NOT NULL DEFAULT '',
    tokens bytea,
    token_expires_at timestamptz,
    webhook_secrets bytea,
    settings jsonb NOT NULL DEFAULT '{}',
    granted text[] NOT NULL DEFAULT '{}',
    missing text[] NOT NULL DEFAULT '{}',
    setup_step smallint NOT NULL DEFAULT 1,
    last_success_at timestamptz,
    last_event_at timestamptz,
    refresh_failed_at timestamptz,
    subscription bytea,
    subscription_expires_at timestamptz,
    subscription_checked_at timestamptz,
    subscription_why text NOT NULL DEFAULT '',
    plan jsonb NOT NULL DEFAULT '{}',
    failures integer NOT NULL DEFAULT 0,
    circuit_until timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE UNIQUE INDEX ON connections (business_id, vendor, environment, account_remote_id)
    WHERE state <> 'removed' AND account_remote_id IS NOT NULL;

CREATE TABLE oauth_states (
    state_hash bytea PRIMARY KEY,
    business_id uuid NOT NULL REFERENCES businesses,
    session_hash bytea NOT NULL,
    vendor text NOT NULL,
    environment text NOT NULL,
    connection_id uuid,
    verifier bytea NOT NULL,
    redirect_uri text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- One row per thing at a vendor: our record, the last agreed state (base), what we sent and have not seen back
-- (pending, sent_create), and the remote version. Readers fill the first half; writers will fill the rest.
CREATE TABLE external_links (
    business_id uuid NOT NULL REFERENCES businesses,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    remote_id text NOT NULL,
    record_id uuid NOT NULL,
    remote_version bigint,
    changed_at timestamptz,
    base jsonb,
    content_hash bytea,
    pending jsonb,
    sent_create jsonb,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz,
    tombstone_at timestamptz,
    PRIMARY KEY (business_id, connection_id, kind, remote_id),
    FOREIGN KEY (business_id, connection_id) REFERENCES connections
);
CREATE INDEX ON external_links (business_id, record_id);

CREATE TABLE raw_records (
    business_id uuid NOT NULL REFERENCES businesses,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    remote_id text NOT NULL,
    content_hash bytea NOT NULL,
    payload jsonb NOT NULL,
    problem text,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, connection_id, kind, remote_id, content_hash)
);
CREATE INDEX ON raw_records (business_id, connection_id) WHERE problem IS NOT NULL;

CREATE TABLE inbound_events (
    business_id uuid NOT NULL REFERENCES businesses,
    id bigint GENERATED ALWAYS AS IDENTITY,
    connection_id uuid NOT NULL,
    dedupe_key text NOT NULL,
    source text NOT NULL CHECK (source IN ('webhook', 'replay')),
    type text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'failed', 'unreadable', 'ignored')),
    attempts smallint NOT NULL DEFAULT 0,
    outcome text NOT NULL DEFAULT '',
    processed_at timestamptz,
    deliveries integer NOT NULL DEFAULT 1,
    PRIMARY KEY (business_id, id),
    UNIQUE (business_id, connection_id, dedupe_key),
    FOREIGN KEY (business_id, connection_id) REFERENCES connections
);
CREATE INDEX ON inbound_events (business_id, connection_id, id) WHERE state = 'new';
CREATE INDEX ON inbound_events (business_id, connection_id, received_at) INCLUDE (state);

CREATE TABLE cursors (
    business_id uuid NOT NULL REFERENCES businesses,
    connection_id uuid NOT NULL,
    stream text NOT NULL,
    cursor jsonb NOT NULL,
    is_complete boolean NOT NULL,
    exact_from timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, connection_id, stream)
);

-- What is odd about a connection's data or webhooks. A row opens, is seen again, closes by itself, and may open anew.
CREATE TABLE findings (
    business_id uuid NOT NULL REFERENCES businesses,
    connection_id uuid NOT NULL,
    code text NOT NULL,
    subject text NOT NULL,
    says text NOT NULL,
    count integer NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    since timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    confirmed_count integer,
    closed_at timestamptz,
    PRIMARY KEY (business_id, connection_id, code, subject),
    FOREIGN KEY (business_id, connection_id) REFERENCES connections
);

CREATE TABLE sync_runs (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('full', 'incremental', 'webhooks', 'file')),
    state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'waiting')),
    asked_by text NOT NULL DEFAULT '',
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    heartbeat_at timestamptz,
    finished_at timestamptz,
    progress jsonb NOT NULL DEFAULT '{}',
    error text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    PRIMARY KEY (business_id, id),
    FOREIGN KEY (business_id, connection_id) REFERENCES connections
);
CREATE INDEX ON sync_runs (business_id, connection_id, asked_at DESC);

-- ---------------------------------------------------------------- clients, catalog, team
CREATE TABLE clients (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    name text NOT NULL,
    email text,
    email_key text,
    phone text,
    phone_key text,
    since timestamptz,
    is_deleted boolean NOT NULL DEFAULT false,
    connection_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON clients (business_id, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX ON clients (business_id, phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX ON clients (business_id, name, id);

CREATE TABLE services (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    name text NOT NULL,
    price_minor bigint,
    currency text,
    duration_minutes integer,
    is_active boolean NOT NULL DEFAULT true,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

CREATE TABLE staff (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    name text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

-- ---------------------------------------------------------------- bookings, payments
CREATE TABLE bookings (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'confirmed', 'completed', 'cancelled', 'declined', 'no_show')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    client_id uuid,
    location_id uuid,
    staff_id uuid,
    service_id uuid,
    price_minor bigint,
    currency text,
    note text,
    token text,
    heard_from text,
    remote_id text,
    connection_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id),
    CHECK (ends_at >= starts_at)
);
CREATE INDEX ON bookings (business_id, client_id, starts_at);
CREATE INDEX ON bookings (business_id, starts_at) INCLUDE (status, client_id, location_id);
CREATE INDEX ON bookings (business_id, booked_at) INCLUDE (status, client_id, location_id);
CREATE INDEX ON bookings (business_id, token) WHERE token IS NOT NULL;

-- Appointments counted per local day: over all places (place = the zero id, always there) and per location. A day counts
-- as known only while its zone is the business's own and no mark lies on it or beside it.
CREATE TABLE booking_days (
    business_id uuid NOT NULL REFERENCES businesses,
    day date NOT NULL,
    place uuid NOT NULL,
    zone text NOT NULL,
    total integer NOT NULL,
    cancelled integer NOT NULL,
    no_shows integer NOT NULL,
    PRIMARY KEY (business_id, day, place)
);

-- Days (of UTC) on which something changed since they were counted. Only ever added to by writers, so that no writer
-- waits for another; who counts anew takes the marks away first.
CREATE TABLE booking_days_stale (
    business_id uuid NOT NULL REFERENCES businesses,
    day date NOT NULL
);
CREATE INDEX ON booking_days_stale (business_id, day);

CREATE FUNCTION mark_booking_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO booking_days_stale (business_id, day)
        SELECT DISTINCT business_id, (starts_at AT TIME ZONE 'UTC')::date FROM fresh;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO booking_days_stale (business_id, day)
        SELECT DISTINCT business_id, (starts_at AT TIME ZONE 'UTC')::date FROM gone;
    ELSE
        INSERT INTO booking_days_stale (business_id, day)
        SELECT DISTINCT n.business_id, d.day
        FROM fresh n JOIN gone o ON o.business_id = n.business_id AND o.id = n.id,
            LATERAL (VALUES ((o.starts_at AT TIME ZONE 'UTC')::date), ((n.starts_at AT TIME ZONE 'UTC')::date)) d(day)
        WHERE (o.starts_at, o.status, o.location_id) IS DISTINCT FROM (n.starts_at, n.status, n.location_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_inserted AFTER INSERT ON bookings REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION mark_booking_days();
CREATE TRIGGER mark_updated AFTER UPDATE ON bookings REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION mark_booking_days();
CREATE TRIGGER mark_deleted AFTER DELETE ON bookings REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION mark_booking_days();

CREATE TABLE blocks (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    staff_id uuid,
    location_id uuid,
    title text NOT NULL,
    is_cancelled boolean NOT NULL,
    connection_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON blocks (business_id, starts_at);

CREATE TABLE payments (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'completed', 'failed', 'cancelled')),
    amount_minor bigint NOT NULL,
    tip_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    currency text NOT NULL,
    paid_at timestamptz NOT NULL,
    method text NOT NULL,
    client_id uuid,
    location_id uuid,
    booking_id uuid,
    reference text,
    connection_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON payments (business_id, client_id, paid_at);
CREATE INDEX ON payments (business_id, paid_at)
    INCLUDE (id, status, amount_minor, refunded_minor, tip_minor, currency, location_id);

-- Completed payments summed per local day and currency, like booking_days. The row of place zero and no currency says
-- that the day was counted, also where nothing was taken.
CREATE TABLE payment_days (
    business_id uuid NOT NULL REFERENCES businesses,
    day date NOT NULL,
    place uuid NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL,
    net_minor bigint NOT NULL,
    tip_minor bigint NOT NULL,
    payments integer NOT NULL,
    PRIMARY KEY (business_id, day, place, currency)
);

CREATE TABLE payment_days_stale (
    business_id uuid NOT NULL REFERENCES businesses,
    day date NOT NULL
);
CREATE INDEX ON payment_days_stale (business_id, day);

CREATE FUNCTION mark_payment_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO payment_days_stale (business_id, day)
        SELECT DISTINCT business_id, (paid_at AT TIME ZONE 'UTC')::date FROM fresh;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO payment_days_stale (business_id, day)
        SELECT DISTINCT business_id, (paid_at AT TIME ZONE 'UTC')::date FROM gone;
    ELSE
        INSERT INTO payment_days_stale (business_id, day)
        SELECT DISTINCT n.business_id, d.day
        FROM fresh n JOIN gone o ON o.business_id = n.business_id AND o.id = n.id,
            LATERAL (VALUES ((o.paid_at AT TIME ZONE 'UTC')::date), ((n.paid_at AT TIME ZONE 'UTC')::date)) d(day)
        WHERE (o.paid_at, o.status, o.location_id, o.currency, o.amount_minor, o.tip_minor, o.refunded_minor)
            IS DISTINCT FROM
            (n.paid_at, n.status, n.location_id, n.currency, n.amount_minor, n.tip_minor, n.refunded_minor);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_inserted AFTER INSERT ON payments REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION mark_payment_days();
CREATE TRIGGER mark_updated AFTER UPDATE ON payments REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION mark_payment_days();
CREATE TRIGGER mark_deleted AFTER DELETE ON payments REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION mark_payment_days();

CREATE TABLE refunds (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    status text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    refunded_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON refunds (business_id, payment_id);

CREATE TABLE disputes (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    opened_at timestamptz NOT NULL,
    answer_by timestamptz,
    connection_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON disputes (business_id, payment_id);

CREATE TABLE payouts (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    status text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    initiated_at timestamptz NOT NULL,
    arrives_on date,
    location_id uuid,
    destination text,
    remote_id text NOT NULL,
    connection_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON payouts (business_id, initiated_at);

CREATE TABLE payout_entries (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    type text NOT NULL,
    gross_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    currency text NOT NULL,
    at timestamptz NOT NULL,
    payout_id uuid,
    payment_id uuid,
    refund_id uuid,
    description text,
    connection_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON payout_entries (business_id, payout_id);
CREATE INDEX ON payout_entries (business_id, payment_id);

-- ---------------------------------------------------------------- ads
CREATE TABLE campaigns (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    remote_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

CREATE TABLE ad_days (
    business_id uuid NOT NULL REFERENCES businesses,
    campaign_id uuid NOT NULL,
    day date NOT NULL,
    spend_micros bigint NOT NULL,
    currency text NOT NULL,
    clicks bigint NOT NULL,
    impressions bigint NOT NULL,
    is_settling boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, campaign_id, day)
);
CREATE INDEX ON ad_days (business_id, day);

-- What a platform said before it changed its mind.
CREATE TABLE ad_day_versions (
    business_id uuid NOT NULL REFERENCES businesses,
    id bigint GENERATED ALWAYS AS IDENTITY,
    campaign_id uuid NOT NULL,
    day date NOT NULL,
    spend_micros bigint NOT NULL,
    clicks bigint NOT NULL,
    impressions bigint NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

-- ---------------------------------------------------------------- journeys: touches and what makes them
CREATE TABLE sites (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    hosts text[] NOT NULL DEFAULT '{}',
    consent text NOT NULL DEFAULT 'required' CHECK (consent IN ('required', 'not-required')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, id)
);

CREATE TABLE touches (
    business_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    visitor text,
    client_id uuid,
    channel text NOT NULL,
    source text,
    medium text,
    campaign text,
    campaign_ref text,
    content text,
    term text,
    click_ids jsonb,
    url text,
    referrer text,
    consent text NOT NULL,
    email_key text,
    phone_key text,
    why text,
    fields jsonb,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON touches (business_id, visitor, occurred_at) WHERE visitor IS NOT NULL;
CREATE INDEX ON touches (business_id, client_id, occurred_at) WHERE client_id IS NOT NULL;
CREATE INDEX ON touches (business_id, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX ON touches (business_id, phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX ON touches (business_id, received_at);

-- Touches that were accepted and are not yet told to the domains above: the collector's own outbox.
CREATE TABLE touches_untold (
    business_id uuid NOT NULL,
    touch_id uuid NOT NULL,
    PRIMARY KEY (business_id, touch_id)
);

CREATE TABLE short_links (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    target_url text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('link', 'qr', 'phone', 'coupon', 'pixel')),
    channel text,
    source text,
    medium text,
    campaign text,
    campaign_ref text,
    code_key text,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (business_id, id)
);
CREATE INDEX ON short_links (business_id, kind, code_key);

-- ---------------------------------------------------------------- matching and attribution
CREATE TABLE settlements (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    rule text NOT NULL,
    evidence jsonb NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    paid_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    undone_at timestamptz,
    undone_by uuid,
    PRIMARY KEY (business_id, id)
);
CREATE UNIQUE INDEX ON settlements (business_id, payment_id) WHERE undone_at IS NULL;
CREATE INDEX ON settlements (business_id, booking_id) INCLUDE (amount_minor, undone_at);

-- Payments that were looked at and belong to no visit: what a person may have to put right.
CREATE TABLE unsettled (
    business_id uuid NOT NULL REFERENCES businesses,
    payment_id uuid NOT NULL,
    paid_at timestamptz NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    PRIMARY KEY (business_id, payment_id)
);
CREATE INDEX ON unsettled (business_id, paid_at) INCLUDE (payment_id, amount_minor, currency);

CREATE TABLE identity_links (
    business_id uuid NOT NULL REFERENCES businesses,
    id uuid NOT NULL,
    visitor text NOT NULL,
    client_id uuid NOT NULL,
    rule text NOT NULL CHECK (rule IN ('booking_token', 'email', 'phone', 'asked')),
    evidence jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    undone_at timestamptz,
    undone_by uuid,
    PRIMARY KEY (business_id, id),
    UNIQUE (business_id, visitor, client_id, rule)
);
CREATE INDEX ON identity_links (business_id, client_id);

CREATE TABLE conversions (
    business_id uuid NOT NULL REFERENCES businesses,
    booking_id uuid NOT NULL,
    client_id uuid,
    location_id uuid,
    booked_at timestamptz NOT NULL,
    settled_at timestamptz NOT NULL,
    day date NOT NULL,
    revenue_minor bigint NOT NULL,
    currency text NOT NULL,
    is_first_visit boolean NOT NULL,
    touch_count integer NOT NULL,
    began text NOT NULL,
    ended text NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, booking_id)
);
CREATE INDEX ON conversions (business_id, day, settled_at)
    INCLUDE (booking_id, client_id, location_id, touch_count, is_first_visit);
CREATE INDEX ON conversions (business_id, day) INCLUDE (began, ended, is_first_visit, location_id);
CREATE INDEX ON conversions (business_id, client_id);

-- One row per conversion and touch; each model's revenue in minor units sums to the conversion's, to the cent.
CREATE TABLE credits (
    business_id uuid NOT NULL REFERENCES businesses,
    booking_id uuid NOT NULL,
    touch_id uuid NOT NULL,
    position smallint NOT NULL,
    touched_at timestamptz NOT NULL,
    channel text NOT NULL,
    campaign_key text NOT NULL,
    campaign text NOT NULL,
    via text NOT NULL,
    first_minor bigint NOT NULL, last_minor bigint NOT NULL, last_non_direct_minor bigint NOT NULL,
    linear_minor bigint NOT NULL, position_minor bigint NOT NULL, time_decay_minor bigint NOT NULL,
    first_share real NOT NULL, last_share real NOT NULL, last_non_direct_share real NOT NULL,
    linear_share real NOT NULL, position_share real NOT NULL, time_decay_share real NOT NULL,
    PRIMARY KEY (business_id, booking_id, touch_id)
);
CREATE INDEX ON credits (business_id, touch_id);

-- Sums of credits per day, place (the zero id is all of them) and campaign: what pages read. Channel "unknown" holds
-- visits without a touch.
CREATE TABLE credit_days (
    business_id uuid NOT NULL REFERENCES businesses,
    day date NOT NULL,
    location_id uuid NOT NULL,
    channel text NOT NULL,
    campaign_key text NOT NULL,
    campaign text NOT NULL,
    currency text NOT NULL,
    visits integer NOT NULL,
    first_visits integer NOT NULL,
    first_minor bigint NOT NULL, last_minor bigint NOT NULL, last_non_direct_minor bigint NOT NULL,
    linear_minor bigint NOT NULL, position_minor bigint NOT NULL, time_decay_minor bigint NOT NULL,
    first_share double precision NOT NULL, last_share double precision NOT NULL,
    last_non_direct_share double precision NOT NULL, linear_share double precision NOT NULL,
    position_share double precision NOT NULL, time_decay_share double precision NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, day, location_id, channel, campaign_key, currency)
);
CREATE INDEX ON credit_days (business_id, location_id, day);

-- Sums of conversions per day and place. `squares` is the sum of squared revenues, for how much visits differ.
CREATE TABLE conversion_days (
    business_id uuid NOT NULL REFERENCES businesses,
    day date NOT NULL,
    location_id uuid NOT NULL,
    currency text NOT NULL,
    visits integer NOT NULL,
    first_visits integer NOT NULL,
    known_visits integer NOT NULL,
    revenue_minor bigint NOT NULL,
    known_minor bigint NOT NULL,
    squares double precision NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, day, location_id, currency)
);

-- ---------------------------------------------------------------- walls
DO $$
DECLARE
    t text;
    tenant constant text := 'business_id = nullif(current_setting(''app.business_id'', true), '''')::uuid';
    realm constant text := 'current_setting(''app.realm'', true) = ';
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bookingbridge_app') THEN
        CREATE ROLE bookingbridge_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    EXECUTE format('GRANT bookingbridge_app TO %I', current_user);
    FOREACH t IN ARRAY ARRAY[
        'accounts', 'users', 'businesses', 'memberships', 'sessions', 'one_time_links', 'api_tokens', 'locations',
        'audit_entries', 'public_addresses', 'events', 'reactions_done', 'due_work', 'rate_buckets',
        'idempotency_keys', 'connections', 'oauth_states', 'external_links', 'raw_records', 'inbound_events',
        'cursors', 'findings', 'sync_runs', 'clients', 'services', 'staff', 'bookings', 'booking_days',
        'booking_days_stale', 'blocks', 'payments', 'payment_days', 'payment_days_stale', 'refunds', 'disputes',
        'payouts', 'payout_entries', 'campaigns', 'ad_days', 'ad_day_versions', 'sites', 'touches', 'touches_untold', 'short_links', 'settlements', 'unsettled',
        'identity_links', 'conversions', 'credits', 'credit_days', 'conversion_days']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO bookingbridge_app', t);
        IF t IN ('accounts', 'users', 'sessions', 'one_time_links', 'oauth_states') THEN
            EXECUTE format('CREATE POLICY realm ON %I USING (%s) WITH CHECK (%s)', t,
                realm || quote_literal('accounts'), realm || quote_literal('accounts'));
        ELSIF t = 'businesses' THEN
            EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (%s)', t,
                replace(tenant, 'business_id =', 'id ='), replace(tenant, 'business_id =', 'id ='));
            EXECUTE format('CREATE POLICY realm ON %I USING (%s) WITH CHECK (%s)', t,
                realm || quote_literal('accounts'), realm || quote_literal('accounts'));
            EXECUTE format('CREATE POLICY schedule ON %I FOR SELECT USING (%s)', t, realm || quote_literal('schedule'));
        ELSIF t = 'rate_buckets' THEN
            EXECUTE format('CREATE POLICY realm ON %I USING (%s) WITH CHECK (%s)', t,
                realm || quote_literal('gate'), realm || quote_literal('gate'));
        ELSE
            EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (%s)', t, tenant, tenant);
        END IF;
    END LOOP;
    -- Membership, tokens and how many places there are: read before a business is chosen; addresses before one is known; work over all.
    EXECUTE 'CREATE POLICY realm ON memberships USING (' || realm || quote_literal('accounts') || ') WITH CHECK (' || realm || quote_literal('accounts') || ')';
    EXECUTE 'CREATE POLICY realm ON api_tokens USING (' || realm || quote_literal('accounts') || ') WITH CHECK (' || realm || quote_literal('accounts') || ')';
    EXECUTE 'CREATE POLICY realm ON locations FOR SELECT USING (' || realm || quote_literal('accounts') || ')';
    EXECUTE 'CREATE POLICY realm ON public_addresses FOR SELECT USING (' || realm || quote_literal('routing') || ')';
    EXECUTE 'CREATE POLICY realm ON due_work USING (' || realm || quote_literal('schedule') || ') WITH CHECK (' || realm || quote_literal('schedule') || ')';
    -- The collector stores touches of many businesses in one statement; in its realm nothing can be read or changed.
    FOREACH t IN ARRAY ARRAY['touches', 'touches_untold'] LOOP
        EXECUTE format('CREATE POLICY collector ON %I FOR INSERT WITH CHECK (%s)', t, realm || quote_literal('collector'));
    END LOOP;
    EXECUTE 'REVOKE UPDATE, DELETE ON audit_entries FROM bookingbridge_app';
    EXECUTE 'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO bookingbridge_app';
END
$$;
