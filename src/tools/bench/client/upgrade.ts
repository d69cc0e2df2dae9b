import { createHash, randomBytes } from "node:crypto";
import { ProtocolError } from "./frame-reader.ts";

/** What RFC 6455, 1.3, has both sides put behind the key. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const LONGEST_HEAD = 16_384;
const END_OF_HEAD = "\r\n\r\n";

/** The opening handshake of one connection, as the client sees it. */
export class Upgrade {
  readonly #key = randomBytes(16).toString("base64");
  #head: Buffer = Buffer.alloc(0);

  request(host: string, path: string): string {
    return (
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${this.#key}\r\nSec-WebSocket-Version: 13${END_OF_HEAD}`
    );
  }

  /**
   * Takes in what the server answers.
   *
   * @returns what came behind the answer, once that is whole; undefined before
   * @throws {ProtocolError} if the server does not change to WebSocket
   */
  read(bytes: Buffer): Buffer | undefined {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end >= 0) {
      this.#check(this.#head.toString("latin1", 0, end));
      return this.#head.subarray(end + END_OF_HEAD.length);
    }
    if (this.#head.length > LONGEST_HEAD) throw new ProtocolError("the answer to the upgrade is too long");
    return undefined;
  }

  #check(head: string): void {
    const [status = "", ...lines] = head.split("\r\n");
    if (!/^HTTP\/1\.1 101(?: |$)/.test(status))
      throw new ProtocolError(`the upgrade was refused: ${status.slice(0, 80)}`);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const expected = createHash("sha1").update(`${this.#key}${GUID}`).digest("base64");
    if (headers.get("sec-websocket-accept") !== expected)
      throw new ProtocolError("Sec-WebSocket-Accept is wrong");
    if (headers.has("sec-websocket-extensions"))
      throw new ProtocolError("the server uses an extension nobody asked for");
  }
}
