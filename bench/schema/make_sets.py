#!/usr/bin/env python3
"""Makes the sets of the schema bench: schemas with instances that are valid, from the corpora and from a seed.

  make_sets.py CORPORA OUT

A set is a folder: N.schema.json and N.instances.ndjson for each of its cases, and set.json with dialect and formats.
"""
import json
import os
import random
import shutil
import sys

import yaml

from contract_schemas import contract_case

CORPORA, OUT = sys.argv[1], sys.argv[2]
DRAFT = "2020-12"
WORDS = "amber basil cedar delta ember fjord grove haven iris jade kelp lemon maple north olive pearl quartz river stone thyme".split()


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write_set(name, cases, dialect=DRAFT, formats=False):
    folder = os.path.join(OUT, name)
    os.makedirs(folder)
    for number, (schema, instances) in enumerate(cases):
        with open(f"{folder}/{number}.schema.json", "w") as out:
            out.write(compact(schema))
        with open(f"{folder}/{number}.instances.ndjson", "w") as out:
            out.writelines(compact(instance) + "\n" for instance in instances)
    with open(f"{folder}/set.json", "w") as out:
        out.write(compact({"dialect": dialect, "formats": formats}))


# The public suite: the valid instances of one file, each group with its schema.
def suite_set(name, *files):
    cases = []
    for file in files:
        with open(f"{CORPORA}/json-schema-test-suite/tests/draft2020-12/{file}.json") as source:
            for group in json.load(source):
                instances = [test["data"] for test in group["tests"] if test["valid"]]
                text = compact(group["schema"])
                # What leads to other documents measures their loading, not the evaluation.
                if instances and "http://localhost" not in text and "json-schema.org/draft/next" not in text:
                    cases.append((group["schema"], instances))
    write_set(name, cases)


def documents(version):
    folder = f"{CORPORA}/openapi-documents/real"
    for file in sorted(os.listdir(folder)):
        with open(f"{folder}/{file}") as source:
            document = json.load(source)
        if document.get("openapi", "").startswith(version):
            yield file.removesuffix(".json"), document


def load_yaml(path):
    class Loader(yaml.SafeLoader):
        pass
    # JSON has no dates.
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    with open(path) as source:
        return yaml.load(source, Loader)


ORDER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "customer", "currency", "items", "total"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "customer": {"type": "string", "minLength": 1, "maxLength": 64},
        "email": {"type": "string", "format": "email"},
        "currency": {"enum": ["EUR", "USD", "GBP", "CHF"]},
        "status": {"enum": ["new", "paid", "sent"]},
        "created": {"type": "string", "format": "date-time"},
        "total": {"type": "number", "minimum": 0, "maximum": 100000},
        "priority": {"type": "integer", "minimum": 0, "maximum": 9},
        "gift": {"type": "boolean"},
        "note": {"type": ["string", "null"], "maxLength": 500},
        "coupon": {"type": "string", "pattern": "^[A-Z0-9]{4,12}$"},
        "items": {"type": "array", "minItems": 1, "maxItems": 50, "items": {
            "type": "object", "additionalProperties": False, "required": ["sku", "qty"],
            "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
                           "qty": {"type": "integer", "minimum": 1, "maximum": 100},
                           "price": {"type": "number", "minimum": 0}}}},
    },
}


def order(rng, items):
    return {"id": "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "customer": "Alice Example", "email": "alice@example.com",
            "currency": rng.choice(["EUR", "USD"]), "status": "new", "created": "2026-01-31T12:34:56Z", "total": 129.95,
            "priority": 3, "gift": False, "note": "please ring twice, and if nobody answers leave it with the neighbour at number twelve, second floor, on the left", "coupon": "SPRING26",
            "items": [{"sku": f"ABC-{rng.randrange(1000, 9999)}", "qty": rng.randrange(1, 9), "price": round(rng.random() * 90, 2)}
                      for _ in range(items)]}


# Twelve kinds of event, told apart by one member.
def union(rng):
    kinds = [f"{word}.changed" for word in WORDS[:12]]
    alternatives = [{"type": "object", "required": ["kind", word],
                     "properties": {"kind": {"const": kind}, word: {"type": "object", "properties": {
                         "id": {"type": "integer"}, "label": {"type": "string", "maxLength": 80}}, "required": ["id"]}}}
                    for kind, word in zip(kinds, WORDS)]
    instances = [{"kind": kinds[i], WORDS[i]: {"id": rng.randrange(1 << 30), "label": rng.choice(WORDS)}} for i in range(12)]
    return {"oneOf": alternatives}, instances


# Shapes that only their members tell apart.
def shapes():
    number = {"type": "number"}
    def shape(**members):
        return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    schema = {"type": "array", "items": {"anyOf": [
        shape(radius=number, x=number, y=number), shape(width=number, height=number, x=number, y=number),
        shape(points={"type": "array", "items": {"type": "array", "prefixItems": [number, number], "items": False}}),
        shape(text={"type": "string"}, x=number, y=number), {"type": "null"}]}}
    instance = [{"radius": 2.5, "x": 1, "y": 2}, {"width": 4, "height": 2, "x": 0.5, "y": 9}, {"points": [[1, 2], [3, 4], [5, 6]]},
                {"text": "label", "x": 3, "y": 1}, None] * 12
    return schema, [instance]


def tree(rng, depth, width):
    return {"name": rng.choice(WORDS), "size": rng.randrange(1000),
            "children": [tree(rng, depth - 1, width) for _ in range(width)] if depth else []}


def generated(rng):
    write_set("order", [(ORDER, [order(rng, 3)])])
    write_set("order-formats", [(ORDER, [order(rng, 3)])], formats=True)
    write_set("order-50-items", [(ORDER, [order(rng, 50)])])
    write_set("union-by-kind", [union(rng)])
    write_set("union-by-shape", [shapes()])
    node = {"$id": "https://example.com/tree", "type": "object", "required": ["name"], "unevaluatedProperties": False,
            "properties": {"name": {"type": "string"}, "size": {"type": "integer", "minimum": 0},
                           "children": {"type": "array", "items": {"$ref": "#"}}}}
    write_set("tree-deep", [(node, [tree(rng, 18, 1)])])
    write_set("tree-wide", [(node, [tree(rng, 4, 5)])])
    wide = {f"{WORDS[i % 20]}_{WORDS[i // 20]}": {"type": "integer", "minimum": 0} for i in range(200)}
    write_set("flat-200-members", [({"type": "object", "properties": wide, "required": list(wide)[:50], "additionalProperties": False},
                                    [{name: rng.randrange(1 << 20) for name in wide}])])
    write_set("numbers-1000", [({"type": "array", "items": {"type": "number", "minimum": -1000, "maximum": 1000}},
                                [[round(rng.uniform(-999, 999), 3) for _ in range(1000)]])])
    record = {"type": "object", "required": ["at"],
              "properties": {"at": {"type": "integer"}, "tags": {"type": "array", "items": {"enum": WORDS}, "uniqueItems": True}}}
    write_set("map-of-records", [({"type": "object", "propertyNames": {"pattern": "^[a-z]+-[0-9]+$"}, "additionalProperties": record},
                                  [{f"{rng.choice(WORDS)}-{i}": {"at": i, "tags": rng.sample(WORDS, 3)} for i in range(60)}])])
    parts = [{"properties": {f"{word}_{i}": {"type": "string"} for i in range(3)}} for word in WORDS[:6]]
    write_set("allof-unevaluated", [({"allOf": parts, "properties": {"id": {"type": "integer"}}, "unevaluatedProperties": False},
                                     [{"id": 1, **{f"{word}_{i}": "text" for word in WORDS[:6] for i in range(3)}}])])
    choice = {"type": "object", "properties": {"method": {"enum": ["card", "transfer", "invoice"]}},
              "if": {"properties": {"method": {"const": "card"}}}, "then": {"required": ["number", "expiry"]},
              "else": {"if": {"properties": {"method": {"const": "transfer"}}}, "then": {"required": ["iban"]}, "else": {"required": ["address"]}}}
    write_set("if-then-else", [(choice, [{"method": "card", "number": "4000000000000002", "expiry": "12/30"},
                                         {"method": "transfer", "iban": "DE02120300000000202051"}, {"method": "invoice", "address": "12 Grove"}])])


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    rng = random.Random(20)
    generated(rng)
    suite_set("suite-applicators", "allOf", "anyOf", "oneOf", "not", "if-then-else")
    suite_set("suite-objects", "properties", "patternProperties", "additionalProperties", "required", "propertyNames", "dependentRequired",
              "dependentSchemas")
    suite_set("suite-arrays", "items", "prefixItems", "contains", "minContains", "maxContains", "uniqueItems")
    suite_set("suite-values", "enum", "const", "type", "multipleOf", "minimum", "maximum", "maxLength", "pattern")
    suite_set("suite-unevaluated", "unevaluatedProperties", "unevaluatedItems")
    suite_set("suite-references", "ref", "anchor", "dynamicRef", "infinite-loop-detection")
    meta = load_yaml(f"{CORPORA}/openapi-documents/oai-v3.0/schema.yaml")
    all_30 = dict(documents("3.0"))
    for size, names in (("small", ("canada-holidays.ca", "etherpad.local", "microcks.local")),
                        ("large", ("asana.com", "digitalocean.com", "gitea.io"))):
        write_set(f"openapi-documents-{size}", [(meta, [all_30[n] for n in names if n in all_30])], dialect="draft-04")
    for name in ("airbyte.local_config", "apideck.com_crm", "apache.org_airflow", "asana.com", "box.com", "digitalocean.com", "dnd5eapi.co", "gitea.io",
                 "twilio.com_twilio_taskrouter_v1", "velopayments.com"):
        if all_30.get(name, {}).get("components", {}).get("schemas"):
            write_set(f"bodies-{name}", [contract_case(all_30[name], random.Random(name))])


main()
