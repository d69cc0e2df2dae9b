import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { healthCommand } from "../../src/cli/health/command.ts";
import { servicesHere } from "../../src/cli/health/services.ts";
import { imageOf } from "./image.ts";
import { filesIn, read } from "./objects.ts";
import { problemsOfArguments, ROLES, roleCalled } from "./roles.ts";

const MEMBER = { SCC_STATE_SERVER_HOST: "scc-state" };

describe("The image", () => {
  const image = imageOf("Dockerfile");

  it("is called as scc, with an init and neither shell nor npm before it, a worker if nothing else is said", () => {
    expect(image.entrypoint).toEqual(["tini", "-e", "143", "--", "scc"]);
    expect(problemsOfArguments(roleCalled("scc-worker"), image.command)).toEqual([]);
  });

  it("names the ports of all services, and of their metrics", () => {
    const ports = ROLES.map((role) => role.effective(MEMBER)).flatMap(({ port, metricsPort }) => [
      port,
      metricsPort,
    ]);

    expect(image.ports.toSorted()).toEqual(ports.toSorted());
  });

  it("checks its health by a command that there is, at the port of whichever service it runs", () => {
    const [program, name, ...rest] = image.healthCheck;

    expect([program, name, rest]).toEqual([image.entrypoint.at(-1), healthCommand({}).name(), []]);
    expect(servicesHere({}).map(({ port }) => Number(port))).toEqual(
      ROLES.map((role) => role.effective(MEMBER).port),
    );
  });

  it("runs as a user who is not root, by number", () => {
    expect(image.user).toBe(1000);
  });

  it("has the version of the package", () => {
    expect(image.instructions).toContainEqual({ name: "ARG", text: `VERSION=${packageJson.version}` });
  });

  it("is built from files that are there, and that it is given", () => {
    const given = read(".dockerignore")
      .match(/^!.+$/gm)
      ?.map((line) => line.slice(1));
    const wanted = image.instructions
      .filter(({ name, text }) => name === "COPY" && !text.startsWith("--from"))
      .flatMap(({ text }) => text.split(" ").slice(0, -1))
      .map((file) => file.replace("./", ""));

    expect(wanted.filter((file) => !given?.includes(file))).toEqual([]);
    expect(given?.filter((file) => !wanted.includes(file))).toEqual([]);
  });

  it("has all that the package would have", () => {
    const copied = image.instructions.map(({ text }) => text).join("\n");

    for (const folder of packageJson.files) expect(copied).toContain(`/build/${folder} `);
  });

  it("rests on a Node.js that knows shares of the container's memory", () => {
    const { text = "" } = image.instructions.find(({ text }) => text.startsWith("NODE_IMAGE=")) ?? {};

    // --max-old-space-size-percentage came with 24.6.
    expect(text).toMatch(/^NODE_IMAGE=node:(2[4-9]|[3-9]\d)-slim$/);
    expect(image.instructions).toContainEqual({
      name: "ENV",
      text: "NODE_OPTIONS=--max-old-space-size-percentage=50",
    });
  });
});

describe("The image of a created application", () => {
  const image = imageOf("templates/app/Dockerfile");

  it("is called with the same arguments, so that it fits the same manifests", () => {
    expect(image.entrypoint).toEqual(["/app/node_modules/.bin/scc"]);
    expect(problemsOfArguments(roleCalled("scc-worker"), image.command)).toEqual([]);
    expect(filesIn("templates/app")).toContain(`templates/app/${image.command[1]}`);
  });

  it("differs in nothing that manifests rest on", () => {
    const ours = imageOf("Dockerfile");

    expect(image.user).toBe(ours.user);
    expect(image.healthCheck.slice(1)).toEqual(ours.healthCheck.slice(1));
    expect(image.instructions.filter(({ text }) => text.startsWith("NODE_OPTIONS="))).toEqual(
      ours.instructions.filter(({ text }) => text.startsWith("NODE_OPTIONS=")),
    );
  });
});

interface ComposeService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly stop_grace_period: string;
  readonly ports?: readonly string[];
  readonly read_only: boolean;
}

describe("compose.yaml", () => {
  const { services }: { services: Record<string, ComposeService> } = parse(read("compose.yaml"), {
    merge: true,
  });

  it("runs a cluster: scc-state, two brokers, two workers", () => {
    expect(Object.keys(services)).toEqual([
      "scc-state",
      ...["scc-broker-1", "scc-broker-2"],
      ...["scc-worker-1", "scc-worker-2"],
    ]);
  });

  it.each(Object.entries(services))("runs %s as the code can", (name, service) => {
    const role = roleCalled(name.replace(/-\d$/, ""));
    const known = new Set(Object.values(role.settings).map(({ env }) => env));
    const env = Object.fromEntries(
      Object.entries(service.environment).map(([key, value]) => [key, value.replace(/^\$\{\w+:-\}$/, "")]),
    );
    const { port, stopMs, stateServer } = role.effective(env);

    expect(problemsOfArguments(role, service.command)).toEqual([]);
    expect(Object.keys(env).filter((key) => !known.has(key))).toEqual([]);
    if (stateServer) expect(services).toHaveProperty([stateServer.host ?? ""]);
    expect(service.healthcheck.test).toEqual(["CMD", "scc", "health", `http://localhost:${port}`]);
    for (const published of service.ports ?? [])
      expect(published).toMatch(new RegExp(`^(127\\.0\\.0\\.1:)?\\d+:${port}$`));
    expect(Number.parseInt(service.stop_grace_period, 10) * 1000).toBeGreaterThanOrEqual(stopMs + 5000);
    expect(service.read_only).toBe(true);
  });
});
