"""A database with data that attacks its reader, and one in Nepali."""

from __future__ import annotations

from databases import Commit, entity, migration

SCRIPT = "<script>document.title='owned'</script>"
IMAGE = '"><img src=http://127.0.0.1:9/x onerror=alert(1)>'
TURNED = "safe\u202egpj.exe"
NEPALI = "निर्वाचन आयोग"


def commits() -> list[Commit]:
    """Return a history over several months with hostile text wherever text may be."""
    source = {"title": {"en": {"value": f"Source {SCRIPT}"}, "ne": {"value": NEPALI}}}
    people = {
        f"v2/entity/person/person-{n}.json": entity(
            f"person-{n}",
            tags=[SCRIPT] if n % 2 else None,
            attributions=[source],
            **{f"field{IMAGE}": IMAGE},
        )
        for n in range(12)
    }
    return [
        migration(
            "001-people",
            "2025-11-09",
            people,
            author=f"Asha {SCRIPT[:7]}script& <asha@example.org>".replace("<script", "script"),
            description=f"Add people {SCRIPT} {TURNED}",
            entities_created=12,
        ),
        migration(
            "002-places",
            "2025-12-24",
            {f"v2/entity/location/ward/w-{n}.json": entity(f"w-{n}") for n in range(40)}
            | {f"v2/entity/location/<b>{IMAGE[:5]}/x.json": entity("x")}
            | {f"v2/entity/organization/{NEPALI}/y.json": entity("y")},
            author=f"{NEPALI} <b@example.org>",
            description=f"Add places {IMAGE}",
            entities_created=42,
        ),
        migration(
            "003-changes",
            "2026-03-01",
            {
                "v2/entity/person/person-1.json": entity("person-1", **{SCRIPT: 1}),
                "v2/entity/<script>alert(1)<b>/z.json": entity("z"),
                f"v2/entity/person/{SCRIPT.replace('/', '')}.json": b"{",
                "v2/relationship/person/person-1/person/person-2/<i>KNOWS.json": {
                    "type": "KNOWS",
                    "attributions": [IMAGE],
                },
            },
            author='"Quoted" O\'Name <c@example.org>',
            entities_updated=1,
            relationships_created=1,
        ),
    ]
