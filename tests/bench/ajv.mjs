// What ajv takes for the sets of the schema bench, compiled and warm. One JSON line for each set.
//   node ajv.mjs MODULES SETS MILLISECONDS [SET...]
// With 0 milliseconds: leaves in the sets only what ajv finds valid, because where it errs its time means nothing.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [modules, folder, milliseconds, ...only] = process.argv.slice(2);
const require = createRequire(path.resolve(modules) + '/');
const Ajv2020 = require('ajv/dist/2020').default;
const Ajv04 = require('ajv-draft-04').default;
const addFormats = require('ajv-formats').default;

function compile(text, set) {
  const schema = JSON.parse(text);
  const options = { strict: false, validateFormats: set.formats, logger: false };
  const ajv = set.dialect === 'draft-04' ? new Ajv04(options) : new Ajv2020(options);
  if (set.formats) addFormats(ajv, { mode: 'full' });
  if (set.dialect === 'draft-04') delete schema.$schema;
  return ajv.compile(schema);
}

// Nanoseconds of processor time for one pass, the best of several turns.
function measure(pass) {
  const budget = Number(milliseconds) * 1e3;
  let rounds = 1;
  let best = Infinity;
  for (let turns = 0; turns < 8;) {
    const start = process.cpuUsage();
    for (let i = 0; i < rounds; ++i) pass();
    const used = process.cpuUsage(start);
    const micros = used.user + used.system;
    if (micros < budget / 2) {
      rounds *= 2;
      continue;
    }
    best = Math.min(best, (micros * 1e3) / rounds);
    ++turns;
  }
  return best;
}

function load(name) {
  const set = JSON.parse(fs.readFileSync(`${folder}/${name}/set.json`, 'utf8'));
  const cases = [];
  for (let n = 0; fs.existsSync(`${folder}/${name}/${n}.schema.json`); ++n) {
    const file = `${folder}/${name}/${n}.instances.ndjson`;
    const texts = fs.readFileSync(file, 'utf8').split('\n').filter((text) => text !== '');
    const validate = texts.length > 0 ? compile(fs.readFileSync(`${folder}/${name}/${n}.schema.json`, 'utf8'), set) : null;
    cases.push({ file, texts, validate });
  }
  return cases;
}

function accepts(validate, text) {
  try {
    return validate(JSON.parse(text));
  } catch {
    return false;
  }
}

function filter(name) {
  const set = JSON.parse(fs.readFileSync(`${folder}/${name}/set.json`, 'utf8'));
  let kept = 0;
  let dropped = 0;
  for (let n = 0; fs.existsSync(`${folder}/${name}/${n}.schema.json`); ++n) {
    const file = `${folder}/${name}/${n}.instances.ndjson`;
    const texts = fs.readFileSync(file, 'utf8').split('\n').filter((text) => text !== '');
    let good = [];
    try {
      const validate = compile(fs.readFileSync(`${folder}/${name}/${n}.schema.json`, 'utf8'), set);
      good = texts.filter((text) => accepts(validate, text));
    } catch {
      // A schema that it cannot compile.
    }
    kept += good.length;
    dropped += texts.length - good.length;
    fs.writeFileSync(file, good.map((text) => text + '\n').join(''));
  }
  console.log(JSON.stringify({ set: name, kept, dropped }));
}

function run(name) {
  const validators = [];
  const texts = [];
  for (const one of load(name)) {
    for (const text of one.texts) {
      validators.push(one.validate);
      texts.push(text);
    }
  }
  const values = texts.map((text) => JSON.parse(text));
  const count = texts.length;
  let valid = 0;
  const evaluate = measure(() => {
    for (let i = 0; i < count; ++i) valid += validators[i](values[i]) ? 1 : 0;
  });
  const read = measure(() => {
    for (let i = 0; i < count; ++i) valid += JSON.parse(texts[i]) === undefined ? 0 : 1;
  });
  const both = measure(() => {
    for (let i = 0; i < count; ++i) valid += validators[i](JSON.parse(texts[i])) ? 1 : 0;
  });
  console.log(JSON.stringify({ set: name, instances: count, evaluate, read, both, valid: valid > 0 }));
}

const names = only.length > 0 ? only : fs.readdirSync(folder).sort();
names.forEach(Number(milliseconds) === 0 ? filter : run);
