import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { Screen } from "./screen.ts";

class FakeTerminal extends EventEmitter {
  readonly columns = 60;
  readonly rows = 10;
  readonly isTTY = true;
  text = "";
  isRaw = false;

  write(text: string): void {
    this.text += text;
  }

  setRawMode(mode: boolean): void {
    this.isRaw = mode;
  }

  resume(): void {}

  pause(): void {}
}

describe("The screen of scc top", () => {
  it.each(["q", "\u0003"])("is quit by %j, and leaves the terminal as it was", (key) => {
    const terminal = new FakeTerminal();
    const screen = new Screen(terminal, terminal, false);
    screen.open(() => screen.close());
    expect(terminal.isRaw).toBe(true);
    terminal.emit("data", Buffer.from("x"));
    expect(terminal.isRaw).toBe(true);

    terminal.emit("data", Buffer.from(key));
    expect(terminal.isRaw).toBe(false);
    expect(terminal.text.endsWith("\x1b[?25h\x1b[?1049l")).toBe(true);
    expect(terminal.listenerCount("data") + terminal.listenerCount("resize")).toBe(0);
  });

  it("draws nothing any more once it is closed", () => {
    const terminal = new FakeTerminal();
    const screen = new Screen(terminal, terminal, false);
    screen.open(() => {});
    screen.close();
    const { text } = terminal;
    screen.lost("gone");
    screen.close();

    expect(terminal.text).toBe(text);
  });
});
