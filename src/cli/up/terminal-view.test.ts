import { afterEach, describe, expect, it } from "vitest";
import { unborn } from "./life.ts";
import type { ServicePlan } from "./plan.ts";
import { Service } from "./service.ts";
import { TerminalView } from "./terminal-view.ts";

const plan: ServicePlan = {
  service: "scc-worker",
  args: ["worker"],
  env: {},
  port: 8000,
  metricsPort: 9000,
  address: "127.0.0.1",
  secure: false,
};
const warning = '{"level":"warn","time":"2026-01-02T03:04:05.678Z","msg":"too slow"}';
const news = '{"level":"info","time":"2026-01-02T03:04:05.678Z","msg":"listening"}';

describe("TerminalView", () => {
  const opened: TerminalView[] = [];

  afterEach(() => {
    for (const view of opened.splice(0)) view.close();
  });

  it("draws the table over itself", () => {
    const { view, written } = open();

    view.redraw();

    const [table, lines] = [written.at(-1) ?? "", 3];
    expect(table.startsWith(`\x1b[${lines}A\r\x1b[0JSERVICE`)).toBe(true);
    expect(table.match(/\n/g)).toHaveLength(lines);
  });

  it("lets warnings and a service's own words pass above the table, in one write", () => {
    const { view, service, written } = open();

    view.line(service, warning, "stdout");
    expect(written.at(-1)).toContain("\x1b[0J03:04:05 warn scc-worker 8000: too slow\nSERVICE");

    view.line(service, "oops", "stderr");
    expect(written.at(-1)).toContain("\x1b[0Jscc-worker 8000: oops\nSERVICE");
  });

  it("shows the rest of the log only if asked to", () => {
    const [quiet, verbose] = [open(), open({ verbose: true })];

    quiet.view.line(quiet.service, news, "stdout");
    verbose.view.line(verbose.service, news, "stdout");

    expect(quiet.written.join("")).not.toContain("listening");
    expect(verbose.written.join("")).toContain("listening");
  });

  it("says where to look once all is ready", () => {
    const { view, written } = open();

    view.ready();
    view.redraw();

    expect(written.at(-1)).toContain("open http://localhost:8000; Ctrl-C stops it");
  });

  it("hides the cursor while it draws, and gives it back", () => {
    const { view, written } = open();

    view.close();

    expect(written[0]).toBe("\x1b[?25l");
    expect(written.at(-1)).toBe("\x1b[?25h");
  });

  function open({ verbose = false } = {}) {
    const written: string[] = [];
    const terminal = { columns: 80, rows: 24, write: (text: string) => written.push(text) };
    const view = new TerminalView(terminal, { verbose, colours: false });
    const service = new Service(plan, "no-entry", { changed() {}, line() {} });
    expect(service.life).toBe(unborn);
    view.show([service]);
    opened.push(view);
    return { view, service, written };
  }
});
