"""JSON for programs, under /api/v1. How to add an operation:

    router = operations("/campaigns", "Campaigns", "What was spent and what it brought.")

    @router.get("", summary="List campaigns")
    async def list_campaigns(
        request: Request, page: Paging = paging(), who: Who = needs(Permission.SEE_FIGURES)
    ) -> Page[Campaign]:
        async with database(request).business(who.business_id) as tx:
            rows = await ads.campaigns(tx, after=page.after(str, UUID), limit=page.limit + 1)
        return page.of([Campaign.of(row) for row in rows], key=lambda c: (c.name, c.id))

then one line in `api.v1.ROUTERS`. What comes with it, so that no operation does it itself:

- `operations` (api.operations): rate limits per client and operation with RateLimit-* headers, Idempotency-Key on
  unsafe methods, the problem documents in OpenAPI, operation ids (the function's name: it must be the only one).
- `needs(Permission)`, `public(reason)` (api.auth): who may; a bearer token, or a browser's session, which then carries
  X-CSRF-Token on unsafe methods. Without one of them the program does not start.
- `Given` for bodies (strict, nothing unknown), `Shown` for answers, and field types: `Id`, `Instant`, `WHOLE`, `Text`,
  `Name`, `Amount` (api.models). Ids in paths are `UUID`.
- `Paging` (api.paging): `limit` and an opaque `cursor`; answers are `{"items": [...], "next": "..." | null}`.
- errors: raise those of canonical.errors; `api.problems` answers them as application/problem+json. Somebody else's
  thing is NotFound, like one that is not there.
"""
