"""The schemas of an OpenAPI 3.0 document as one JSON Schema, and an instance that it accepts for each of the large ones."""
BODIES_MAX = 12
DEPTH_MAX = 5


def converted(schema):
    """3.0's dialect in the words of 2020-12. Annotations go."""
    if isinstance(schema, list):
        return [converted(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    out = {}
    for word, value in schema.items():
        if word in ("type", "required", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "format", "multipleOf",
                    "minProperties", "maxProperties"):
            out[word] = value
        elif word in ("items", "additionalProperties", "not", "allOf", "anyOf", "oneOf"):
            out[word] = converted(value)
        elif word == "properties":
            out[word] = {name: converted(part) for name, part in value.items()}
    if schema.get("nullable") and "type" in out:
        out["type"] = [out["type"], "null"]
        if "enum" in out and None not in out["enum"]:
            out["enum"] = out["enum"] + [None]
    return out


class Grower:
    def __init__(self, schemas, rng):
        self.schemas, self.rng = schemas, rng

    def resolved(self, schema):
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def merged(self, schema):
        """allOf joined, so that an instance can be grown from one object."""
        schema = self.resolved(schema)
        if not isinstance(schema, dict) or "allOf" not in schema:
            return schema
        out = {word: value for word, value in schema.items() if word != "allOf"}
        for part in schema["allOf"]:
            part = self.merged(part)
            if part is True:
                continue
            out["properties"] = {**part.get("properties", {}), **out.get("properties", {})}
            out["required"] = out.get("required", []) + part.get("required", [])
            for word, value in part.items():
                out.setdefault(word, value)
        return out

    def grow(self, schema, depth):
        schema = self.merged(schema)
        if not isinstance(schema, dict):
            return "text"
        if "enum" in schema:
            return self.rng.choice([value for value in schema["enum"] if value is not None] or [None])
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self.grow(self.rng.choice(schema[word]), depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind is None:
            kind = "object" if "properties" in schema else "string"
        return getattr(self, "grow_" + kind)(schema, depth)

    def grow_object(self, schema, depth):
        required = schema.get("required", [])
        members = schema.get("properties", {})
        return {name: self.grow(part, depth - 1) for name, part in members.items() if name in required or depth > 0}

    def grow_array(self, schema, depth):
        count = max(schema.get("minItems", 0), 3 if depth > 0 else 0)
        return [self.grow(schema.get("items", True), depth - 1) for _ in range(min(count, schema.get("maxItems", count)))]

    def grow_string(self, schema, _depth):
        texts = {"date-time": "2026-01-31T12:34:56Z", "date": "2026-01-31", "uuid": "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
                 "uri": "https://example.com/a/b", "email": "alice@example.com"}
        text = texts.get(schema.get("format"), "some text of usual length")
        return text.ljust(schema.get("minLength", 0), "x")[:schema.get("maxLength", len(text) + 1000)]

    def grow_integer(self, schema, _depth):
        return int(max(schema.get("minimum", 0), min(schema.get("maximum", 9999), self.rng.randrange(10000))))

    def grow_number(self, schema, _depth):
        return max(schema.get("minimum", 0), min(schema.get("maximum", 9999), round(self.rng.random() * 100, 2)))

    def grow_boolean(self, _schema, _depth):
        return self.rng.random() < 0.5

    def grow_null(self, _schema, _depth):
        return None


def contract_case(document, rng):
    schemas = converted({"properties": document["components"]["schemas"]})["properties"]
    named = sorted((name for name in schemas if isinstance(schemas[name], dict) and (schemas[name].get("properties") or schemas[name].get("allOf"))),
                   key=lambda name: (-len(schemas[name].get("properties", {})), name))
    chosen = named[:BODIES_MAX]
    grower = Grower(schemas, rng)
    bodies = {}
    for name in chosen:
        try:
            bodies[name] = grower.grow(schemas[name], DEPTH_MAX)
        except (RecursionError, KeyError):
            continue
    # One schema for all of them, as a gateway sees one body at a time: each instance names its own.
    schema = {"type": "object", "properties": {name: {"$ref": f"#/$defs/{name}"} for name in bodies}, "$defs": schemas}
    return schema, [{name: body} for name, body in bodies.items()]
