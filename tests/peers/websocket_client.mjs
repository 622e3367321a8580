// A WebSocket client: echoes of several sizes, a ping, and both ways of closing.
//   node websocket_client.mjs URL CA_FILE [FOLDER OF node_modules]
// With the folder it is the package `ws`; without, this file's own framing. Prints "ok", or what is wrong.
import {randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {request as plain} from 'node:http';
import {request as secure} from 'node:https';
import {createRequire} from 'node:module';
import {accept, Frames, frame} from './frames.mjs';

const [url, ca_file, modules] = process.argv.slice(2);
const ca = readFileSync(ca_file);
const kSizes = [0, 1, 125, 126, 65535, 65536, 1_000_000];

function fail(what) {
  console.log(`wrong: ${what}`);
  process.exit(1);
}
setTimeout(() => fail('not done within 15 s'), 15_000).unref();

// Each opens one and gives {send, ping, close, next}: next() is {kind, data, code}.
function queue() {
  const come = [];
  const waiting = [];
  return {
    put: item => (waiting.length ? waiting.shift()(item) : come.push(item)),
    next: () => (come.length ? Promise.resolve(come.shift()) : new Promise(done => waiting.push(done))),
  };
}

function open_with_package() {
  const {WebSocket} = createRequire(modules + '/')('ws');
  const items = queue();
  const socket = new WebSocket(url, {ca, perMessageDeflate: false});
  socket.on('message', data => items.put({kind: 'message', data}));
  socket.on('pong', data => items.put({kind: 'pong', data}));
  socket.on('close', (code, reason) => items.put({kind: 'close', code, data: reason}));
  socket.on('error', error => fail(error.message));
  return new Promise(done => socket.on('open', () => done({
    send: data => socket.send(data), ping: data => socket.ping(data), close: code => socket.close(code, 'bye'), next: items.next})));
}

function open_by_hand() {
  const items = queue();
  const key = randomBytes(16).toString('base64');
  const target = new URL(url.replace(/^ws/, 'http'));
  const ask = (target.protocol === 'https:' ? secure : plain)(target, {
    ca, headers: {Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key}});
  ask.on('error', error => fail(error.message));
  ask.on('response', response => fail(`the handshake was answered with ${response.statusCode}`));
  ask.end();
  return new Promise(done => ask.on('upgrade', (response, socket, head) => {
    if (response.headers['sec-websocket-accept'] !== accept(key)) fail('another Sec-WebSocket-Accept');
    let closed = null;
    const frames = new Frames((opcode, payload) => {
      if (opcode === 10) items.put({kind: 'pong', data: payload});
      else if (opcode === 8) {
        closed = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        items.put({kind: 'close', code: closed, data: payload.subarray(2)});
        socket.end(frame(8, payload, true));
      } else items.put({kind: 'message', data: payload});
    });
    socket.on('data', data => frames.take(data));
    socket.on('close', () => closed ?? items.put({kind: 'close', code: 1006, data: Buffer.alloc(0)}));
    socket.on('error', () => socket.destroy());
    frames.take(head);
    done({
      send: data => socket.write(frame(Buffer.isBuffer(data) ? 2 : 1, Buffer.from(data), true)),
      ping: data => socket.write(frame(9, Buffer.from(data), true)),
      close: code => socket.write(frame(8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from('bye')]), true)),
      next: items.next});
  }));
}

const open = modules ? open_with_package : open_by_hand;

let peer = await open();
for (const size of kSizes) {
  const data = randomBytes(size);
  peer.send(data);
  const item = await peer.next();
  if (item.kind !== 'message' || !item.data.equals(data)) fail(`${size} bytes came back as ${item.kind} of ${item.data.length}`);
}
peer.ping('are you there');
const pong = await peer.next();
if (pong.kind !== 'pong' || pong.data.toString() !== 'are you there') fail(`a ping came back as ${pong.kind}`);
peer.close(1000);
let last = await peer.next();
if (last.kind !== 'close' || last.code !== 1000) fail(`our close came back as ${last.kind} ${last.code}`);

peer = await open();
peer.send('close me');
last = await peer.next();
if (last.kind !== 'close' || last.code !== 4001 || last.data.toString() !== 'as you wish') fail(`the API's close came as ${last.kind} ${last.code} ${last.data}`);
console.log('ok');
process.exit(0);
