// The OpenID-certified package oidc-provider as an issuer of access tokens (RFC 9068) by client credentials.
//   node authorization_server.mjs PORT FOLDER_OF_NODE_MODULES
// A line "rotate" on standard input makes it sign with a new key and publish the one before beside it; it answers
// with a line of the ids that it publishes, the one that it signs with first.
import {generateKeyPairSync, randomUUID} from 'node:crypto';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';
import {pathToFileURL} from 'node:url';

const [port, modules] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const entry = createRequire(modules + '/').resolve('oidc-provider');
const {Provider} = await import(pathToFileURL(entry));

function newKey() {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  return {...privateKey.export({format: 'jwk'}), kid: randomUUID(), alg: 'ES256', use: 'sig'};
}

// What is needed for the sake of the package alone: ID tokens that nobody asks for.
const {privateKey: forIdTokens} = generateKeyPairSync('rsa', {modulusLength: 2048});
const rsa = {...forIdTokens.export({format: 'jwk'}), kid: 'id-tokens', alg: 'RS256', use: 'sig'};

function providerWith(keys) {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'orders-app', client_secret: 'orders-app-secret', redirect_uris: [], response_types: [],
      grant_types: ['client_credentials'], scope: 'orders:read orders:write'
    }],
    scopes: ['orders:read', 'orders:write'],
    jwks: {keys: [...keys, rsa]},
    features: {
      devInteractions: {enabled: false},
      clientCredentials: {enabled: true},
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (context, resource) => ({
          scope: 'orders:read orders:write', audience: resource, accessTokenTTL: 600, accessTokenFormat: 'jwt',
          jwt: {sign: {alg: 'ES256'}}
        })
      }
    }
  });
  return provider.callback();
}

let keys = [newKey()];
let callback = providerWith(keys);
const told = () => console.log(`keys ${keys.map(key => key.kid).join(' ')}`);
createServer((request, response) => callback(request, response)).listen(Number(port), '127.0.0.1', told);
createInterface({input: process.stdin}).on('line', line => {
  if (line !== 'rotate') return;
  keys = [newKey(), keys[0]];
  callback = providerWith(keys);
  told();
});
