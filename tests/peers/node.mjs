// The API behind everything: uploads are hashed, answers come in pieces, with 1xx before and trailers behind
// them; and a WebSocket echo, with this file's own framing or with the package `ws`.
//   node node.mjs PORT FILE [FOLDER OF node_modules]
import {createHash} from 'node:crypto';
import {createReadStream, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {accept, Frames, frame} from './frames.mjs';

const [port, file, modules] = process.argv.slice(2);

function hash(request, response) {
  const sum = createHash('sha256');
  let bytes = 0;
  request.on('data', piece => { sum.update(piece); bytes += piece.length; });
  request.on('end', () => {
    const text = JSON.stringify({bytes, sha256: sum.digest('hex'), trailer: request.trailers['x-sum'] ?? ''});
    response.writeHead(200, {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text)}).end(text);
  });
}

async function pieces(response, pause_ms) {
  response.writeHead(200, {'Content-Type': 'text/plain'});
  for (let i = 0; i < 50; ++i) {
    response.write(`piece ${i}\n`);
    await new Promise(done => setTimeout(done, pause_ms));
  }
  response.end();
}

function trailers(response) {
  response.writeHead(200, {'Content-Type': 'text/plain', Trailer: 'X-Sum'});
  response.write('the body');
  response.addTrailers({'X-Sum': 'of all'});
  response.end();
}

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/hash') return hash(request, response);
  if (path === '/pieces') return pieces(response, 2);
  if (path === '/endless') return pieces(response, 500);
  if (path === '/trailers') return trailers(response);
  if (path === '/hints') {
    response.writeEarlyHints({link: '</style.css>; rel=preload; as=style'});
    response.writeHead(200, {'Content-Type': 'text/plain'}).end('hinted');
    return;
  }
  if (path === '/file') {
    response.writeHead(200, {'Content-Type': 'application/octet-stream', 'Content-Length': statSync(file).size});
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
    return;
  }
  response.writeHead(200, {'Content-Type': 'text/plain', 'Content-Length': 5}).end('hello');
});
server.keepAliveTimeout = 60_000;

if (modules) {
  const {WebSocketServer} = createRequire(modules + '/')('ws');
  const sockets = new WebSocketServer({noServer: true});
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, peer => {
      peer.on('message', (data, binary) => {
        if (!binary && data.toString() === 'close me') peer.close(4001, 'as you wish');
        else peer.send(data, {binary});
      });
      peer.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
    }));
} else {
  server.on('upgrade', (request, socket, head) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
                 `Sec-WebSocket-Accept: ${accept(request.headers['sec-websocket-key'])}\r\n\r\n`);
    const frames = new Frames((opcode, payload) => {
      if (opcode === 8) {
        console.log(`closed ${payload.length >= 2 ? payload.readUInt16BE(0) : 1005} ${payload.subarray(2)}`);
        socket.end(frame(8, payload));
      } else if (opcode === 1 && payload.toString() === 'close me') {
        socket.write(frame(8, Buffer.concat([Buffer.from([0x0f, 0xa1]), Buffer.from('as you wish')])));
      } else if (opcode === 9) {
        socket.write(frame(10, payload));
      } else if (opcode < 8) {
        socket.write(frame(opcode, payload));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('data', data => frames.take(data));
    frames.take(head);
  });
}
server.listen(Number(port), '127.0.0.1');
