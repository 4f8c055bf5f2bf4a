"""What a page of a replay holds."""

import json
import re
from typing import Any


def document_in(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="document">(.*?)</script>', page, re.S)
    return json.loads(text)
