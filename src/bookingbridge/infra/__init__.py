"""The ground: database, tenancy, outbox, jobs, clock, secrets, log. Knows nothing of the business."""
