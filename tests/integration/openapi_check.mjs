// Holds what an eird answered, and what it was asked, against its OpenAPI document.
//
//   node openapi_check.mjs DOCUMENT EXCHANGES [--every-operation]
//
// DOCUMENT is server/api/openapi.json. EXCHANGES has one JSON object a line: {method, path, requestHeaders, requestBody,
// status, headers, body}, bodies as text, names of headers in lower case; or {schema, value}: a value that must be of a
// named schema. Each breach is a line; the exit code is 1 if there is one. --every-operation: each must have succeeded at
// least once among them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are those of tests/interop.
const require = createRequire(new URL("../interop/package.json", import.meta.url));
const { default: Ajv2020 } = require("ajv/dist/2020.js");
const { default: addFormats } = require("ajv-formats");
const { Validator } = await import(require.resolve("@seriousme/openapi-schema-validator"));

const [documentFile, exchangesFile, ...flags] = process.argv.slice(2);
const openapi = JSON.parse(readFileSync(documentFile, "utf8"));
const breaches = [];

const ajv = new Ajv2020({ strict: false, allErrors: false, validateSchema: false });
addFormats(ajv);
ajv.addSchema(openapi, "openapi");
const compiled = new Map();

function faultOf(pointer, value) {
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `openapi#${pointer}` }));
  const validate = compiled.get(pointer);
  return validate(value) ? "" : ajv.errorsText(validate.errors, { dataVar: "it" });
}

const escaped = (name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));

// Follows a reference; with it the pointer of where it leads to.
function resolve(value, pointer) {
  if (!value?.$ref) return [value, pointer];
  const target = value.$ref.slice(1);
  return [target.split("/").slice(1).reduce((at, name) => at[name], openapi), target];
}

const paths = Object.entries(openapi.paths).map(([template, item]) => {
  const names = [];
  const source = template.replaceAll(".", "\\.").replace(/\{(\w+)\}/g, (_, name) => (names.push(name), "([^/]+)"));
  return { template, item, names, pattern: new RegExp(`^${source}$`) };
});

function parsed(text) {
  try {
    return [JSON.parse(text), true];
  } catch {
    return [undefined, false];
  }
}

// What is wrong with a request by the document, or nothing.
function requestFault({ item, names, pattern, template }, operation, exchange) {
  const values = pattern.exec(exchange.path).slice(1);
  for (const given of [...(item.parameters ?? []), ...(operation.parameters ?? [])]) {
    const [parameter, pointer] = resolve(given);
    const inPath = parameter.in === "path";
    const value = inPath ? values[names.indexOf(parameter.name)] : exchange.requestHeaders[parameter.name.toLowerCase()];
    if (value === undefined) continue;
    const fault = faultOf(`${pointer}/schema`, value);
    if (fault) return `${parameter.name}: ${fault}`;
  }
  if (operation.security.length > 0 && !exchange.requestHeaders.authorization) return "no credential";
  const body = operation.requestBody;
  if (!body) return "";
  if (!exchange.requestBody) return body.required ? "no body" : "";
  const type = (exchange.requestHeaders["content-type"] ?? "").split(";")[0];
  if (!body.content[type]) return `content type ${type || "missing"}`;
  if (!type.endsWith("/json")) return "";
  const [value, isJson] = parsed(exchange.requestBody);
  if (!isJson) return "the body is no JSON";
  const where = `/paths/${escaped(template)}/${exchange.method.toLowerCase()}/requestBody/content/${escaped("application/json")}/schema`;
  return faultOf(where, value);
}

function responseFault(template, operation, exchange) {
  const here = `/paths/${escaped(template)}/${exchange.method.toLowerCase()}/responses/${exchange.status}`;
  const [response, pointer] = resolve(operation.responses[exchange.status], here);
  if (!response) return `status ${exchange.status} is not in the document: ${exchange.body}`;
  for (const [name, given] of Object.entries(response.headers ?? {})) {
    const [header, headerPointer] = resolve(given, `${pointer}/headers/${escaped(name)}`);
    const value = exchange.headers[name.toLowerCase()];
    if (value === undefined && header.required) return `no header ${name}`;
    const fault = value === undefined ? "" : faultOf(`${headerPointer}/schema`, value);
    if (fault) return `${name}: ${fault}`;
  }
  const type = (exchange.headers["content-type"] ?? "").split(";")[0];
  if (!response.content) return exchange.body ? "a body where there is none" : "";
  if (!response.content[type]) return `content type ${type || "missing"}`;
  if (!type.endsWith("json")) return "";
  const [value, isJson] = parsed(exchange.body);
  return isJson ? faultOf(`${pointer}/content/${escaped(type)}/schema`, value) : "the body is no JSON";
}

const succeeded = new Set();

function check(exchange) {
  // Answered everywhere, for CORS.
  if (exchange.method === "OPTIONS") return "";
  if (exchange.schema) return faultOf(`/components/schemas/${exchange.schema}`, exchange.value);
  const known = paths.find(({ pattern }) => pattern.test(exchange.path));
  if (!known) return exchange.status === 404 ? "" : `a path that is not in the document answers ${exchange.status}`;
  const operation = known.item[exchange.method.toLowerCase()];
  // 404: one of its ids cannot be one.
  if (!operation) return [404, 405].includes(exchange.status) ? "" : `a method that is not in the document answers ${exchange.status}`;
  const isTaken = exchange.status < 400;
  if (isTaken) succeeded.add(operation.operationId);
  const fault = requestFault(known, operation, exchange);
  if (isTaken && fault) return `taken, though the document refuses it: ${fault}`;
  // An id that cannot be one is a path that is not there.
  if (exchange.status === 404) return faultOf("/components/schemas/Problem", parsed(exchange.body)[0]);
  return responseFault(known.template, operation, exchange);
}

const { valid, errors } = await new Validator().validate(structuredClone(openapi));
if (!valid) breaches.push(`the document is not OpenAPI 3.1: ${JSON.stringify(errors)}`);
const exchanges = readFileSync(exchangesFile, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
for (const exchange of exchanges) {
  const fault = check(exchange);
  const what = exchange.schema ?? `${exchange.method} ${exchange.path} ${exchange.requestBody ?? ""} -> ${exchange.status}`;
  if (fault) breaches.push(`${what}: ${fault}`);
}
if (flags.includes("--every-operation")) {
  for (const { template, item } of paths) {
    for (const operation of Object.values(item)) {
      const isMissing = operation.operationId && !succeeded.has(operation.operationId);
      // A WebSocket's upgrade is no exchange of this list; WHIP and WHEP have a test of their own.
      if (isMissing && !/^\/v1\/(signal$|whip|whep)/.test(template)) breaches.push(`${operation.operationId} has never succeeded`);
    }
  }
}
for (const breach of new Set(breaches)) console.log(breach);
console.log(`${exchanges.length} exchanges, ${succeeded.size} operations succeeded, ${breaches.length} breaches`);
process.exitCode = breaches.length > 0 || exchanges.length === 0 ? 1 : 0;
