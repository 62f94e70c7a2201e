"""`python -m eo_pipeline_tests.docs` (`make docs`): writes the tables of all pages anew; review the difference."""

import sys

from eo_pipeline_tests.docs.pages import PAGES, ROOT, names, with_tables
from eo_pipeline_tests.docs.tables import TABLES

for page in PAGES:
    before = page.read_text(encoding="utf-8")
    after = with_tables(before, TABLES)
    if after != before:
        page.write_text(after, encoding="utf-8")
    for name in names(before):
        sys.stdout.write(f"{page.relative_to(ROOT)}: {name}{'' if after == before else ' (written anew)'}\n")
