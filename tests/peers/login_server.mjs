// oidc-provider as an OpenID provider at which people log in: it takes any name, with any password.
//   node login_server.mjs PORT FOLDER_OF_NODE_MODULES ORIGIN_OF_THE_GATEWAY
import {generateKeyPairSync} from 'node:crypto';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [port, modules, origin] = process.argv.slice(2);
const entry = createRequire(modules + '/').resolve('oidc-provider');
const {Provider} = await import(pathToFileURL(entry));
const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'shop', client_secret: 'shop-secret-of-the-peers', grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [`${origin}/auth/callback`], post_logout_redirect_uris: [`${origin}/home`],
    backchannel_logout_uri: `${origin}/auth/backchannel-logout`, backchannel_logout_session_required: true
  }],
  jwks: {keys: [{...privateKey.export({format: 'jwk'}), kid: 'one', alg: 'RS256', use: 'sig'}]},
  claims: {openid: ['sub']},
  ttl: {AccessToken: 12, IdToken: 600, RefreshToken: 600, Session: 600, Grant: 600, Interaction: 600},
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  features: {devInteractions: {enabled: true}, backchannelLogout: {enabled: true}, rpInitiatedLogout: {enabled: true}},
  findAccount: (context, id) => ({accountId: id, claims: () => ({sub: id})})
});
let refreshes = 0;
provider.on('grant.success', context => {
  if (context.oidc.params.grant_type === 'refresh_token') console.log(`refreshes ${++refreshes}`);
});
provider.on('backchannel.success', () => console.log('backchannel done'));
provider.on('backchannel.error', (context, error) => console.log(`backchannel failed: ${error.message}`));
createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('listening'));
