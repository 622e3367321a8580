// RFC 6455's frames, as far as two honest peers need them.
import {createHash, randomBytes} from 'node:crypto';

export function accept(key) {
  return createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
}

export function frame(opcode, payload, masked = false) {
  const size = payload.length;
  const long = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const head = Buffer.alloc(2 + long);
  head[0] = 0x80 | opcode;
  head[1] = (masked ? 0x80 : 0) | (long === 0 ? size : long === 2 ? 126 : 127);
  if (long === 2) head.writeUInt16BE(size, 2);
  if (long === 8) head.writeBigUInt64BE(BigInt(size), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  const body = Buffer.from(payload);
  for (let i = 0; i < size; ++i) body[i] ^= mask[i & 3];
  return Buffer.concat([head, mask, body]);
}

// Calls back with (opcode, payload) for each whole frame.
export class Frames {
  constructor(callback) {
    this.callback = callback;
    this.rest = Buffer.alloc(0);
  }

  take(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      const have = this.rest;
      if (have.length < 2) return;
      const short = have[1] & 0x7f;
      const long = short === 126 ? 2 : short === 127 ? 8 : 0;
      const masked = (have[1] & 0x80) !== 0;
      const start = 2 + long + (masked ? 4 : 0);
      if (have.length < start) return;
      const size = long === 0 ? short : long === 2 ? have.readUInt16BE(2) : Number(have.readBigUInt64BE(2));
      if (have.length < start + size) return;
      const payload = Buffer.from(have.subarray(start, start + size));
      if (masked) for (let i = 0; i < size; ++i) payload[i] ^= have[start - 4 + (i & 3)];
      this.rest = have.subarray(start + size);
      this.callback(have[0] & 0x0f, payload);
    }
  }
}
