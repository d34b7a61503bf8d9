"""Three examples for each command, as `--help` shows them: `loyalty` is a connection to Capillary, `engage` one to MoEngage."""

from collections.abc import Mapping

from couponhub.cli.migration_examples import MIGRATION_EXAMPLES

_MOENGAGE = "engage 6721d00eefc476c0f67e0d05"
_CAPILLARY = "loyalty 541854"
_CREATE = "couponhub lists create engage --name 'Winter mail' --expires 2037-01-31"
_UPLOAD = "up_7dk2m4q9x1h5t8w3z6yb"
_EXPORT = "ex_7dk2m4q2x3h5t6w3z6yb"

EXAMPLES: Mapping[str, tuple[str, str, str]] = {
    "couponhub": (
        "couponhub demo",
        "couponhub lookup --mobile 919876543210",
        "couponhub uploads send loyalty 541854 codes.csv --wait",
    ),
    "couponhub demo": (
        "couponhub demo",
        "COLUMNS=110 couponhub demo | less -R",
        "couponhub demo --console",
    ),
    "couponhub connections": (
        "couponhub connections",
        "couponhub connections -o json",
        "couponhub connections --config staging.toml",
    ),
    "couponhub adapters": (
        "couponhub adapters",
        "couponhub adapters -o json",
        "couponhub adapters -o csv > adapters.csv",
    ),
    "couponhub doctor": (
        "couponhub doctor",
        "couponhub doctor engage",
        "couponhub doctor -o json --config staging.toml",
    ),
    "couponhub config": (
        "couponhub config init",
        "couponhub config check",
        "couponhub config schema > couponhub.schema.json",
    ),
    "couponhub config init": (
        "couponhub config init --non-interactive --config new.toml",
        "couponhub config init",
        "couponhub config init --config ~/.config/couponhub/couponhub.toml",
    ),
    "couponhub config check": (
        "couponhub config check",
        "couponhub config check --config staging.toml",
        "couponhub config check -o json",
    ),
    "couponhub config schema": (
        "couponhub config schema",
        "couponhub config schema > couponhub.schema.json",
        "couponhub config schema | jq .properties.lookup",
    ),
    "couponhub lists": (
        "couponhub lists ls --expiring 14 --below 1000",
        "couponhub lists show loyalty 541854",
        _CREATE,
    ),
    "couponhub lists ls": (
        "couponhub lists ls",
        "couponhub lists ls engage --status active -o json",
        "couponhub lists ls --expiring 14 --below 1000 --sort available",
    ),
    "couponhub lists show": (
        f"couponhub lists show {_CAPILLARY}",
        f"couponhub lists show {_MOENGAGE} -o json",
        f"couponhub lists show {_MOENGAGE} --raw -o json",
    ),
    "couponhub lists create": (
        f"{_CREATE} --created-by crm@example.com",
        f"{_CREATE} --alert-shortage 1000 --subscriber crm@example.com",
        f"{_CREATE.replace('engage', 'loyalty')} --set discountCode=WINTER10 --set discountType=PERC --set discountValue=10",
    ),
    "couponhub lists update": (
        f"couponhub lists update {_MOENGAGE} --expires 2037-02-28",
        f"couponhub lists update {_MOENGAGE} --alert-shortage 500 --subscriber crm@example.com",
        f"couponhub lists update {_MOENGAGE} --no-subscribers --alert-expiry off",
    ),
    "couponhub lists activate": (
        f"couponhub lists activate {_MOENGAGE} --expires 2037-02-28",
        f"couponhub lists activate {_MOENGAGE} --expires 2037-02-28 -o json",
        f"couponhub lists activate {_MOENGAGE} --expires 2037-02-28 --config staging.toml",
    ),
    "couponhub lists archive": (
        f"couponhub lists archive {_MOENGAGE} --yes",
        f"couponhub lists archive {_MOENGAGE}",
        f"couponhub lists archive {_MOENGAGE} --yes -o json",
    ),
    "couponhub uploads": (
        "couponhub uploads send loyalty 541854 codes.csv --wait",
        "couponhub uploads ls",
        f"couponhub uploads resume {_UPLOAD}",
    ),
    "couponhub uploads send": (
        f"couponhub uploads send {_CAPILLARY} codes.csv --wait",
        f"couponhub uploads send {_CAPILLARY} tagged.csv --tag mobile --tag-column customer --column ref",
        f"couponhub uploads send {_MOENGAGE} codes.xlsx --dry-run",
    ),
    "couponhub uploads ls": (
        "couponhub uploads ls",
        "couponhub uploads ls loyalty -o json",
        f"couponhub uploads ls {_MOENGAGE}",
    ),
    "couponhub uploads show": (
        f"couponhub uploads show {_UPLOAD}",
        f"couponhub uploads show {_UPLOAD} -o json",
        f"couponhub uploads show {_CAPILLARY} 222696",
    ),
    "couponhub uploads report": (
        f"couponhub uploads report {_UPLOAD} --out rows.csv",
        f"couponhub uploads report {_UPLOAD} --out rows.csv --probe 500",
        f"couponhub uploads report {_UPLOAD} --out rows.parquet -o json",
    ),
    "couponhub uploads wait": (
        f"couponhub uploads wait {_UPLOAD}",
        f"couponhub uploads wait {_UPLOAD} --timeout 600 -o json",
        f"couponhub uploads wait {_CAPILLARY} 222696",
    ),
    "couponhub uploads rm": (
        f"couponhub uploads rm {_UPLOAD}",
        f"couponhub uploads rm {_UPLOAD} --yes",
        f"couponhub uploads rm {_MOENGAGE} 674d6b0e2f0a4c1d9b3e8f55 --yes",
    ),
    "couponhub uploads resume": (
        "couponhub uploads resume",
        f"couponhub uploads resume {_UPLOAD}",
        f"couponhub uploads resume {_UPLOAD} --timeout 600 -o json",
    ),
    "couponhub uploads pause": (
        f"couponhub uploads pause {_UPLOAD}",
        f"couponhub uploads pause {_UPLOAD} -o json",
        f"couponhub uploads pause {_UPLOAD} --config staging.toml",
    ),
    "couponhub uploads cancel": (
        f"couponhub uploads cancel {_UPLOAD}",
        f"couponhub uploads cancel {_UPLOAD} -o json",
        f"couponhub uploads cancel {_UPLOAD} --config staging.toml",
    ),
    "couponhub codes": (
        "couponhub codes check codes.csv --for loyalty",
        "couponhub codes prepare codes.csv --for engage --out clean",
        "couponhub codes subtract codes.csv list:loyalty/541854 --out new.csv",
    ),
    "couponhub codes check": (
        "couponhub codes check codes.csv",
        "couponhub codes check winter.xlsx spring.csv.gz --for loyalty --for engage -o json",
        "couponhub codes check codes.csv --html codes.html",
    ),
    "couponhub codes prepare": (
        "couponhub codes prepare codes.csv --for loyalty --out clean",
        "couponhub codes prepare winter.xlsx --for engage --out clean --column ref",
        "cat codes.csv.gz | couponhub codes prepare - --for engage --out clean -o json",
    ),
    "couponhub codes subtract": (
        "couponhub codes subtract codes.csv list:loyalty/541854 --out new.csv",
        "couponhub codes subtract codes.csv winter.csv spring.csv --out new.csv",
        "couponhub codes subtract list:loyalty/541854 codes.csv --out others.csv -o json",
    ),
    "couponhub codes intersect": (
        "couponhub codes intersect codes.csv list:loyalty/541854 --out known.csv",
        "couponhub codes intersect codes.csv winter.csv spring.csv --out known.csv",
        "couponhub codes intersect list:engage/6721d00eefc476c0f67e0d05 list:loyalty/541854 --out both.csv",
    ),
    "couponhub codes compare": (
        "couponhub codes compare codes.csv list:loyalty/541854",
        "couponhub codes compare winter.csv spring.csv --out compared",
        "couponhub codes compare winter.csv spring.csv -o json",
    ),
    "couponhub codes fingerprint": (
        "couponhub codes fingerprint codes.csv",
        "couponhub codes fingerprint codes.csv --key @secret.txt",
        "couponhub codes fingerprint list:loyalty/541854 --key @secret.txt -o json",
    ),
    **MIGRATION_EXAMPLES,
    "couponhub export": (
        "couponhub export customers loyalty people.csv --out coupons.csv",
        "couponhub export ls",
        f"couponhub export resume {_EXPORT}",
    ),
    "couponhub export customers": (
        "couponhub export customers loyalty people.csv --out coupons.csv",
        "couponhub export customers loyalty people.csv --out coupons.parquet --list 541854",
        "zcat people.csv.gz | couponhub export customers loyalty - --out coupons.csv -o json",
    ),
    "couponhub export resume": (
        f"couponhub export resume {_EXPORT}",
        f"couponhub export resume {_EXPORT} --timeout 3600",
        f"couponhub export resume {_EXPORT} -o json",
    ),
    "couponhub export cancel": (
        f"couponhub export cancel {_EXPORT}",
        f"couponhub export cancel {_EXPORT} -o json",
        f"couponhub export cancel {_EXPORT} --config staging.toml",
    ),
    "couponhub export ls": (
        "couponhub export ls",
        "couponhub export ls -o json",
        "couponhub export ls -o csv > exports.csv",
    ),
    "couponhub work": (
        "couponhub work --once",
        "couponhub work --jobs 4",
        "couponhub work --once -o json",
    ),
    "couponhub coupons": (
        "couponhub coupons find loyalty SAVE-0001",
        "couponhub coupons find loyalty @codes.txt -o csv",
        "couponhub coupons find loyalty - -o json",
    ),
    "couponhub coupons find": (
        "couponhub coupons find loyalty SAVE-0001",
        "couponhub coupons find loyalty SAVE-0001 SAVE-0002 -o json",
        "couponhub coupons find loyalty @codes.txt -o csv > found.csv",
    ),
    "couponhub call": (
        "couponhub call engage GET /coupon-list --query limit=5",
        "couponhub call loyalty GET /v2/coupon/series -o jsonl",
        "couponhub call engage POST /coupon-list --body @list.json --yes",
    ),
    "couponhub lookup": (
        "couponhub lookup --mobile 919876543210",
        "couponhub lookup --email a.buyer@example.com --status active --connection loyalty -o json",
        "couponhub lookup --external-id EXT-007 --since 2026-11-01 --sort expires --limit 5 -o csv",
    ),
    "couponhub explain": (
        "couponhub explain --mobile 919876543210",
        "couponhub explain SAVE-0001 --connection loyalty",
        "couponhub explain --email a.buyer@example.com --bundle support.zip",
    ),
    "couponhub forget": (
        "couponhub forget --mobile 919876543210 --email a.buyer@example.com --yes",
        "couponhub forget --external-id EXT-007",
        "couponhub forget --external-id EXT-007 --yes -o json",
    ),
    "couponhub usage": (
        "couponhub usage status engage",
        f"couponhub usage request {_MOENGAGE} --from 2026-11-01 --to 2026-11-28 --email reports@example.com",
        f"couponhub usage import {_MOENGAGE} report.eml --from 2026-11-01 --to 2026-11-28",
    ),
    "couponhub usage request": (
        f"couponhub usage request {_MOENGAGE} --from 2026-11-01 --to 2026-11-28 --email reports@example.com",
        f"couponhub usage request {_MOENGAGE} --from 2026-11-28 --to 2026-11-28 --email a@example.com --email b@example.com",
        f"couponhub usage request {_MOENGAGE} --from 2026-11-01 --to 2026-11-28 --email reports@example.com -o json",
    ),
    "couponhub usage import": (
        f"couponhub usage import {_MOENGAGE} report.csv --from 2026-11-01 --to 2026-11-28",
        f"couponhub usage import {_MOENGAGE} report.eml --from 2026-11-01 --to 2026-11-28 -o json",
        f"couponhub usage import {_MOENGAGE} report.csv.gz --from 2026-11-01 --to 2026-11-28 --shared-codes",
    ),
    "couponhub usage status": (
        "couponhub usage status engage",
        f"couponhub usage status {_MOENGAGE}",
        "couponhub usage status engage -o json",
    ),
    "couponhub usage ls": (
        "couponhub usage ls",
        "couponhub usage ls engage -o json",
        f"couponhub usage ls {_MOENGAGE}",
    ),
    "couponhub usage stats": (
        "couponhub usage stats",
        "couponhub usage stats engage --by day",
        f"couponhub usage stats {_MOENGAGE} --by campaign -o csv",
    ),
    "couponhub usage export": (
        "couponhub usage export --out given-out.csv",
        "couponhub usage export engage --out given-out.parquet",
        f"couponhub usage export {_MOENGAGE} --out given-out.csv",
    ),
    "couponhub serve": (
        "couponhub serve",
        "couponhub serve --port 8080 --workers 4",
        "couponhub serve --host 0.0.0.0 --config /etc/couponhub.toml",
    ),
    "couponhub token": (
        "couponhub token new --scope lookup --name helpdesk --expires 90",
        "couponhub token ls",
        "couponhub token rm helpdesk",
    ),
    "couponhub token new": (
        "couponhub token new --scope lookup --scope codes:reveal --name helpdesk",
        "couponhub token new --scope lookup --name shop --expires 90 -o json",
        "couponhub token new --scope lists:read --print-hash",
    ),
    "couponhub token ls": (
        "couponhub token ls",
        "couponhub token ls -o json",
        "couponhub token ls --config staging.toml",
    ),
    "couponhub token rm": (
        "couponhub token rm helpdesk",
        "couponhub token rm 8f507a4d36",
        "couponhub token rm helpdesk -o json",
    ),
    "couponhub store": (
        "couponhub store status",
        "couponhub store backup backup-2026-11-29",
        "couponhub store check",
    ),
    "couponhub store status": (
        "couponhub store status",
        "couponhub store status -o json",
        "couponhub store status --config staging.toml",
    ),
    "couponhub store upgrade": (
        "couponhub store upgrade --dry-run",
        "couponhub store upgrade",
        "couponhub store upgrade -o json",
    ),
    "couponhub store backup": (
        "couponhub store backup backup-2026-11-29",
        "couponhub store backup /backups/couponhub/$(date +%F)",
        "couponhub store backup backup-2026-11-29 -o json",
    ),
    "couponhub store copy": (
        "couponhub store copy sqlite:///couponhub.db 'postgresql://couponhub:${PGPASSWORD}@db.example.com/couponhub'",
        "couponhub store copy @old-store.url @new-store.url",
        "couponhub store copy @new-store.url sqlite:///back.db -o json",
    ),
    "couponhub store check": (
        "couponhub store check",
        "couponhub store check -o json",
        "couponhub store check --config staging.toml",
    ),
    "couponhub emulate": (
        "couponhub emulate",
        "couponhub emulate --port 8801 --rate-limits documented",
        "couponhub emulate --seed seed.json --clock 2026-11-01 --processing-delay 5",
    ),
    "couponhub completion": (
        "couponhub completion bash",
        'eval "$(couponhub completion zsh)"',
        "couponhub completion fish > ~/.config/fish/completions/couponhub.fish",
    ),
}
"""By the path of the command; the first one needs no more than the accounts and files that it names."""
