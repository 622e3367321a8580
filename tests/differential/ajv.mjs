// Reads lines {"schema", "instances", "dialect"}, writes lines {"valid": [...]} or {"error"}: what ajv says.
// The folder with its node_modules is the first argument.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "package.json"));
// One engine for each dialect: making one takes longer than compiling a schema.
const options = { strict: false, logger: false, validateFormats: false, validateSchema: false, unevaluated: true };
const engines = {
  "2020-12": new (require("ajv/dist/2020").default)(options),
  "2019-09": new (require("ajv/dist/2019").default)(options),
  "draft-07": new (require("ajv").default)(options),
  "draft-04": new (require("ajv-draft-04").default)(options),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { schema, instances, dialect } = JSON.parse(line);
  try {
    const validate = engines[dialect].compile(schema);
    console.log(JSON.stringify({ valid: instances.map((instance) => Boolean(validate(instance))) }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.message).slice(0, 200) }));
  }
}
