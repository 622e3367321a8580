// The document of most tests: something public, something that needs a token, a JSON body, and bytes in both
// directions.
#pragma once

namespace caponier::e2e {

inline constexpr const char* kContract = R"(openapi: 3.1.0
info: {title: Items, version: "1"}
servers: [{url: /}]
paths:
  /open:
    get:
      operationId: getOpen
      security: []
      x-caponier: {public: {reason: "for everybody"}}
      parameters:
        - {name: q, in: query, schema: {type: string, maxLength: 200}}
      responses: {"200": {description: ok, content: {text/plain: {}, application/json: {}}}}
    head:
      operationId: headOpen
      security: []
      x-caponier: {public: {reason: "for everybody"}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /items:
    post:
      operationId: createItem
      security: [{bearer: ["items:write"]}]
      x-caponier: {body_bytes_max: 1KiB}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [name]
              properties:
                name: {type: string, maxLength: 2000}
                password: {type: string, maxLength: 10}
      responses: {"200": {description: ok, content: {application/json: {}, text/plain: {}}}}
  /items/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, maxLength: 64}}
    get:
      operationId: getItem
      security: [{bearer: ["items:read"]}]
      responses: {"200": {description: ok, content: {application/json: {}, text/plain: {}}}}
    put:
      operationId: putItem
      security: [{bearer: ["items:write"]}]
      x-caponier: {owner: {claim: sub, parameter: id}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /bytes:
    post:
      operationId: echoBytes
      security: []
      x-caponier: {public: {reason: "for everybody"}}
      requestBody: {required: true, content: {application/octet-stream: {}}}
      responses: {"200": {description: ok, content: {application/octet-stream: {}}}}
    get:
      operationId: getBytes
      security: []
      x-caponier: {public: {reason: "for everybody"}}
      responses: {"200": {description: ok, content: {application/octet-stream: {}}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
)";

}  // namespace caponier::e2e
