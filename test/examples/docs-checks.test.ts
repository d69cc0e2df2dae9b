import { describe, expect, it } from "vitest";
import { type CodeBlock, partsOf } from "../support/documents.ts";
import { afterImage, problemsOfBlock } from "./documents/blocks.ts";
import { readScript } from "./documents/shell.ts";

function block(info: string, code: string): CodeBlock {
  const [found] = partsOf("docs/api.md", `\`\`\`${info}\n${code}\n\`\`\`\n`).blocks;
  if (found === undefined) throw new Error("There is no block");
  return found;
}

/** What is said of a block, as one text; empty: nothing. */
async function complaint(info: string, code: string): Promise<string> {
  return (await problemsOfBlock(block(info, code))).join("\n");
}

describe("The check of a block", () => {
  it.each([
    ["no language", "", "scc state", "its language is not said"],
    ["a language that nobody checks", "ruby", "puts 1", "its language is ruby"],
    ["details that mean nothing", "js walk", "1", 'only "run"'],
    ["a command in a drawing", "text", "scc state", "a command, whose language is sh"],
    ["a folder that a drawing invents", "text", "worker -> cluster/nobody", "there is no cluster/nobody"],
    ["broken JSON", "json", '{"a":1,}', "no JSON"],
    ["a diff of nothing", "diff", "+a", "it has to be"],
    [
      "a diff of other lines",
      "diff js src/cli/main.ts src/cli/main.ts",
      "+import nothing",
      "has no line: import",
    ],
    ["an image that is not ours", "dockerfile", "FROM nginx", "it is not from our image"],
    ["a user that the image has not", "dockerfile", "COPY --chown=7:7 . .", "the image's user is not 7:7"],
    ["a container's command that is none", "dockerfile", 'CMD ["walker"]', "there is no command walker"],
  ])("finds %s", async (_what, info, code, expected) => {
    expect(await complaint(info, code)).toContain(expected);
  });

  it.each([
    ["scc nonsense", "there is no command nonsense"],
    ["scc nonsense --help", "there is no command nonsense"],
    ["scc top --colour", "unknown option '--colour'"],
    ["scc bench everything", "value 'everything' is invalid"],
    ["scc bench --rate none", "option '--rate <count>' argument 'none' is invalid"],
    ["scc token forge", "too many arguments"],
    ["scc help nonsense", "there is no command nonsense"],
    ["scc broker", "SCC_STATE_SERVER_HOST (or --state-server-host) is required"],
    ["SCC_STATE_SERVER_HOST=a SCC_BROKER_SERVER_PORT=seventy scc broker", "expected an integer"],
    ["SCC_STATE_SERVR_HOST=a scc worker", "SCC_STATE_SERVR_HOST: no such variable"],
    ["export SCC_AUTH_KY=a; scc top", "SCC_AUTH_KY: no such variable"],
    ["true | scc pub", "missing required argument 'channel'"],
    ["npm install /tmp/nonsense-0.1.0.tgz", "unexpected: /tmp/nonsense-0.1.0.tgz"],
    ["npm run nonsense", "package.json has no script nonsense"],
    ["npm run simulate --seeds 7", "arguments of a script stand behind --"],
    ["npm run simulate -- --sheep 7", "test/simulation/main.ts knows no --sheep"],
    ["npm run rolling -- --sheep 7", "test/rolling/main.ts knows no --sheep"],
    ["NONSENSE=1 npm test", "nothing reads NONSENSE"],
    ["npx vitest run src/clutter", "there is no src/clutter"],
    ["npx nonsense", "no test knows this command"],
    ["node dist/cli/minor.js", "there is no src/cli/minor.ts"],
    ["node dist/cli/main.js nonsense", "there is no command nonsense"],
    ["scripts/nonsense.sh", "there is no such file"],
    ["docs/api.md", "it is not executable"],
    ["diff README.md READYOU.md", "there is no READYOU.md"],
    ["kubectl apply -f kubernetes/scc-nonsense.yaml", "there is no kubernetes/scc-nonsense.yaml"],
    ["kubectl scale deployment/scc-walker --replicas 8", "the manifests have no deployment/scc-walker"],
    ["kubectl exec deploy/scc-worker -- scc heal", "there is no command heal"],
    ["kubectl create secret generic scc-auth --from-file=auth-kay=a", "no manifest names auth-kay"],
    ["kubectl create secret generic scc-out --from-file=auth-key=a", "no manifest names scc-out"],
    ["kubectl get pods", "nothing in it can be checked"],
    ["helm install scc chart/ --set image.repo=a", "the chart has no value image.repo"],
    ["helm install scc charts/", "charts/ is no chart"],
    ["docker build -t sccluster docs", "there is no docs/Dockerfile"],
    ["docker run -e SCC_STATE_PROT=1 sccluster state", "SCC_STATE_PROT: no such variable"],
    ["docker run sccluster broker", "SCC_STATE_SERVER_HOST (or --state-server-host) is required"],
    ["SCC_DRAIN_MS=1 docker compose up", "compose.yaml does not read SCC_DRAIN_MS"],
    ["curl http://localhost:8000", "no test knows this command"],
    ["scc state || scc worker", "there are commands in it that may not be run"],
    ["# nothing", "there is no command in it"],
    ["scc pub 'news", "unexpected EOF"],
  ])("finds what is wrong with: %s", async (script, expected) => {
    expect(await complaint("sh", script)).toContain(expected);
  });

  it.each([
    ["worker", "drain: 20000", "drain"],
    ["broker", "state-server-host: a\ndrain-ms: soon", "expected milliseconds"],
    ["kustomization", "# mine/kustomization.yaml\nresources: [../elsewhere]", "there is no ../elsewhere"],
    ["kustomization", "# mine/kustomization.yaml\nresource: [../kubernetes]", "resource"],
    [
      "kustomization",
      "resources: []\npatches:\n  - target: { kind: Deployment, name: scc }\n    patch: '[]'",
      "the manifests have no Deployment scc",
    ],
    [
      "kustomization",
      "resources: []\npatches:\n  - target: { kind: Deployment, name: scc-worker }\n    patch: '[{op: replace, path: /spec/temple, value: 1}]'",
      "there is no /spec/temple",
    ],
    ["values", "worker: { drainMilliseconds: 1 }", "the chart has no value worker.drainMilliseconds"],
    ["from kubernetes/scc-ingress.yaml", "tls:\n- secretName: other", "it does not stand in"],
    ["into kubernetes/scc-worker-scaling.yaml spec.metrics", "- type: Pods\n  pods: {}", "metric"],
    ["into kubernetes/scc-worker-scaling.yaml spec.metric", "- type: Pods", "has no list spec.metric"],
    ["", "drain-ms: 20000", "what it is has to be said"],
    ["", "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { port: 1 }", "unknown: /spec/port"],
  ])("finds what is wrong with YAML: %s, %s", async (details, code, expected) => {
    expect(await complaint(`yaml ${details}`.trim(), code)).toContain(expected);
  });

  it("finds a fence that is never closed", () => {
    expect(() => partsOf("docs/api.md", "text\n```js\n1\n")).toThrow(
      "docs/api.md:2: this fence is never closed",
    );
  });
});

describe("A script in a document", () => {
  it("is read as bash reads it, and nothing of it is started", async () => {
    const script =
      "A='b  c' one two 'three four' \"\" | two > /dev/null # five\n/bin/echo \"$(six)\"; cd / ; kill -9 1";

    const { commands, complaints } = await readScript(script);

    expect(complaints).toBe("");
    expect(commands.find(({ words }) => words[0] === "one")).toEqual({
      words: ["one", "two", "three four", ""],
      env: { A: "b  c" },
    });
    expect(commands.map(({ words }) => words[0]).toSorted()).toEqual([
      "/bin/echo",
      "cd",
      "kill",
      "one",
      "six",
      "two",
    ]);
  });
});

describe("A diff in a document", () => {
  it("is compiled as what it makes", () => {
    expect(afterImage(" a\n-b\n+c\n")).toBe("a\nc");
  });
});
