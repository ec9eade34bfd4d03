"""What every answer says to a browser, be it a page, an error or a redirect: what it may do with it."""

from __future__ import annotations

# The page is made of our own files alone. Nothing that others write can become a script or a style, and no other
# page can have it in a frame. `connect-src 'self'` is for WebSockets of this host, too (CSP 3).
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "font-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "roomchat",  # for the address of the service worker, which counts as a script
}

# What the page never asks for.
_DENIED = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")

HEADERS = (
    ("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in _POLICY.items())),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{name}=()" for name in _DENIED)),
)

# A year. It is for all ports of a host, so it is said only with a certificate that somebody else has signed. With
# one that the server has made itself, a browser that was told to trust it would come to all other servers of that
# host (of `localhost`, say) encrypted, too, and find nobody.
STRICT = ("Strict-Transport-Security", "max-age=31536000")
