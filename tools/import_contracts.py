"""A contract of our own for import-linter: another domain is entered through its `api` only."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class DomainDoors(Contract):
    """No module of one domain imports a module of another but that one's `api`, or a package above `domains` at all
    but `api`, `ingest`, `reactions` and `tables` where `openers` may open those too."""

    domains = fields.StringField()
    openers = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        root = str(self.domains)
        broken = [
            (importer, imported)
            for imported in graph.find_descendants(root)
            for importer in graph.find_modules_that_directly_import(imported)
            if not self._is_allowed(importer, imported, root)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": sorted(broken)})

    def _is_allowed(self, importer: str, imported: str, root: str) -> bool:
        domain, _, inside = imported.removeprefix(root + ".").partition(".")
        if importer.startswith((f"{root}.{domain}.", f"{root}.{domain}")) and (
            importer == f"{root}.{domain}" or importer.startswith(f"{root}.{domain}.")
        ):
            return True
        if not inside or inside == "api":
            return True
        is_opener = any(importer == str(o) or importer.startswith(f"{o}.") for o in self.openers or ())
        return is_opener and inside in ("ingest", "reactions", "tables", "rules")

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} enters {imported} past its api")
