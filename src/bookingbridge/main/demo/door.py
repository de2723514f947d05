"""A person at a browser, without the browser: follows links, fills forms, keeps cookies. Over real HTTP only."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx2

from bookingbridge.canonical.errors import Rejected


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, its fields as they stand, and its buttons (name, value)."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if not self.forms:
            return
        form = self.forms[-1]
        match tag:
            case "input" if given.get("name"):
                is_box = given.get("type") in ("checkbox", "radio")
                if not is_box or "checked" in given:
                    form.fields[given["name"]] = given.get("value", "on" if is_box else "")
            case "select":
                self._select = given.get("name", "")
            case "option" if self._select and (self._select not in form.fields or "selected" in given):
                form.fields[self._select] = given.get("value", "")
            case "button" if given.get("name"):
                form.buttons.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def forms(html: str) -> list[Form]:
    """The forms of a page, in order."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


class Browser:
    """One person's cookies and way through the pages of `base`."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._http = httpx2.Client(timeout=20, follow_redirects=True, trust_env=False)
        self._csrf = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> httpx2.Response:
        """The page at `path` or address, after redirects. Rejected where it is an error."""
        return self._checked(self._http.get(urljoin(self.base, path)))

    def fill(
        self, page: httpx2.Response, values: dict[str, str], *, with_field: str = "", button: str = "",
        follow: bool = True,
    ) -> httpx2.Response:  # fmt: skip
        """The answer to the page's form (the one that has a field `with_field`) filled with `values` and sent."""
        found = [f for f in forms(page.text) if not with_field or with_field in f.fields]
        if not found:
            raise Rejected(f"{page.url} has no form with a field {with_field!r}")
        form = found[0]
        pressed = dict(b for b in form.buttons if button and b[1] == button)
        sent = {**form.fields, **values, **pressed}
        target = urljoin(str(page.url), form.action or str(page.url))
        return self._checked(self._http.post(target, data=sent, follow_redirects=follow))

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The API's answer as JSON, asked as this person."""
        headers = {"X-CSRF-Token": self._token()} if method != "GET" else {}
        answer = self._http.request(method, f"{self.base}/api/v1{path}", json=body, headers=headers)
        self._checked(answer)
        return answer.json() if answer.content else None

    def upload(self, path: str, query: dict[str, str], content: bytes) -> Any:
        """The API's answer to a file."""
        headers = {"X-CSRF-Token": self._token(), "Content-Type": "application/octet-stream"}
        answer = self._http.post(f"{self.base}/api/v1{path}", params=query, content=content, headers=headers)
        return self._checked(answer).json()

    def forget_token(self) -> None:
        """The session's token is read again: signing in and switching businesses change it."""
        self._csrf = ""

    def _token(self) -> str:
        if not self._csrf:
            # Any page of a signed-in person has a form that carries it.
            for path in ("/welcome", "/today", "/settings"):
                page = self._http.get(f"{self.base}{path}")
                found = [f.fields["csrf"] for f in forms(page.text) if f.fields.get("csrf")]
                if found:
                    self._csrf = found[0]
                    break
        return self._csrf

    @staticmethod
    def _checked(answer: httpx2.Response) -> httpx2.Response:
        if answer.status_code >= 400:
            raise Rejected(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}")
        return answer

    def consent(self, authorize_url: str) -> str:
        """The vendor's consent page is opened and allowed; the path that the way back then leads to."""
        page = self.get(authorize_url)
        back = self.fill(page, {}, button="allow", follow=False).headers["location"]
        landed = self._checked(self._http.get(back, follow_redirects=False))
        return urlsplit(landed.headers.get("location", "")).path
