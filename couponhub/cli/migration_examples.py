"""The examples of `couponhub migrate`; see `couponhub.cli.examples`."""

from collections.abc import Mapping

_PLAN = "couponhub migrate plan --from loyalty --list 541854 --to engage"
_PLAN_BACK = "couponhub migrate plan --from engage --list 6721d00eefc476c0f67e0d05 --to loyalty"
_MIGRATION = "mig_7dk2m4q2x3h5t6w3z6yb"
_DIGEST = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"

MIGRATION_EXAMPLES: Mapping[str, tuple[str, str, str]] = {
    "couponhub migrate": (
        f"{_PLAN} --create --codes winter.csv --out winter.plan.json",
        f"{_PLAN} --create --codes winter.csv --customers holders.csv --out winter.plan.json --html winter.html",
        f"{_PLAN_BACK} --to-list 541854 --codes winter.csv --out back.plan.json",
    ),
    "couponhub migrate plan": (
        f"{_PLAN} --create --set created_by=crm@example.com --codes winter.csv --force 'the rest is void' --out winter.plan.json",
        f"{_PLAN_BACK} --to-list 541854 --codes list:engage/6721d00eefc476c0f67e0d05 --issued-as skip --out back.plan.json",
        f"{_PLAN} --create --set expires=2037-06-30 --codes winter.csv spring.csv --customers people.csv --out winter.plan.json",
    ),
    "couponhub migrate apply": (
        f"couponhub migrate apply autumn.plan.json --confirm {_DIGEST}",
        f"couponhub migrate apply autumn.plan.json --confirm {_DIGEST} --timeout 3600 -o json",
        f"couponhub migrate apply autumn.plan.json --confirm {_DIGEST} --quiet",
    ),
    "couponhub migrate resume": (
        "couponhub migrate resume autumn.plan.json",
        f"couponhub migrate resume {_MIGRATION} --timeout 3600",
        f"couponhub migrate resume {_MIGRATION} -o json",
    ),
    "couponhub migrate pause": (
        "couponhub migrate pause autumn.plan.json",
        f"couponhub migrate pause {_MIGRATION}",
        f"couponhub migrate pause {_MIGRATION} -o json",
    ),
    "couponhub migrate cancel": (
        "couponhub migrate cancel autumn.plan.json",
        f"couponhub migrate cancel {_MIGRATION}",
        f"couponhub migrate cancel {_MIGRATION} -o json",
    ),
    "couponhub migrate throttle": (
        "couponhub migrate throttle autumn.plan.json --per-minute 2",
        f"couponhub migrate throttle {_MIGRATION} --per-minute 1 -o json",
        f"couponhub migrate throttle {_MIGRATION}",
    ),
    "couponhub migrate verify": (
        "couponhub migrate verify autumn.plan.json",
        "couponhub migrate verify autumn.plan.json --sample 5000 --seed 7 --out odd.csv",
        f"couponhub migrate verify {_MIGRATION} --watch --every 300",
    ),
    "couponhub migrate cutover": (
        "couponhub migrate cutover autumn.plan.json",
        "couponhub migrate cutover autumn.plan.json --window 12h",
        f"couponhub migrate cutover {_MIGRATION} --window 7d -o json",
    ),
    "couponhub migrate shadow": (
        "couponhub migrate shadow autumn.plan.json --customers people.csv --sample 100",
        f"couponhub migrate shadow {_MIGRATION} --customers people.csv --sample 100 --seed 7",
        f"couponhub migrate shadow {_MIGRATION} --customers people.csv --sample 1000 -o json",
    ),
    "couponhub migrate rollback": (
        "couponhub migrate rollback autumn.plan.json",
        "couponhub migrate rollback autumn.plan.json --out handed-out.csv",
        f"couponhub migrate rollback {_MIGRATION} -o json",
    ),
    "couponhub migrate retire": (
        "couponhub migrate retire autumn.plan.json --confirm 'Autumn mail'",
        "couponhub migrate retire autumn.plan.json",
        f"couponhub migrate retire {_MIGRATION} --confirm 'Autumn mail' -o json",
    ),
    "couponhub migrate status": (
        "couponhub migrate status autumn.plan.json",
        f"couponhub migrate status {_MIGRATION}",
        f"couponhub migrate status {_MIGRATION} -o json",
    ),
    "couponhub migrate report": (
        "couponhub migrate report autumn.plan.json --html autumn.html",
        f"couponhub migrate report {_MIGRATION}",
        f"couponhub migrate report {_MIGRATION} -o json",
    ),
    "couponhub migrate ls": (
        "couponhub migrate ls",
        "couponhub migrate ls -o json",
        "couponhub migrate ls -o csv > migrations.csv",
    ),
}
