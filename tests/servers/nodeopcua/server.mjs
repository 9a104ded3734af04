// An OPC UA server that shares no code with this project: node server.mjs '{"port":…,"pki":…,"nodes":[…]}'
// Each line on its input is a command; "ready" on its output answers the start and every command.
import { createInterface } from "node:readline";
import opcua from "node-opcua";

const { OPCUAServer, OPCUACertificateManager, DataType, Variant, VariantArrayType, StatusCodes } =
  opcua;
const wanted = JSON.parse(process.argv[2]);
const certificates = new OPCUACertificateManager({
  rootFolder: wanted.pki,
  automaticallyAcceptUnknownCertificate: !wanted.strict,
});
await certificates.initialize();
const server = new OPCUAServer({
  port: wanted.port,
  hostname: "127.0.0.1",
  resourcePath: "/",
  serverInfo: { applicationUri: "urn:ropewatch:tests:node-opcua" },
  serverCertificateManager: certificates,
  userCertificateManager: certificates,
  allowAnonymous: !wanted.user,
  userManager: {
    isValidUser: (user, password) => user === wanted.user && password === wanted.password,
  },
  serverCapabilities: {
    maxSessions: wanted.sessions ?? 10,
    operationLimits: { maxMonitoredItemsPerCall: wanted.itemsPerCall ?? 100 },
  },
});
await server.initialize();
const space = server.engine.addressSpace;
for (let n = 0; n < (wanted.strangers ?? 0); n += 1) space.registerNamespace(`urn:stranger:${n}`);
const own = space.registerNamespace("urn:ropewatch:tests");
const nodes = new Map();
const kinds = new Map(wanted.nodes.map(({ name, type }) => [name, type]));
const add = (name) => {
  const node = own.addVariable({
    organizedBy: space.rootFolder.objects,
    browseName: name,
    nodeId: `s=${name}`,
    dataType: kinds.get(name),
  });
  nodes.set(name, node);
};
const put = (name, value, milliseconds) =>
  nodes
    .get(name)
    .setValueFromSource(
      new Variant({
        dataType: DataType[kinds.get(name)],
        arrayType: VariantArrayType.Scalar,
        value: is64(name) ? wide(value) : value,
      }),
      StatusCodes.Good,
      new Date(milliseconds ?? Date.now()),
    );
const is64 = (name) => ["Int64", "UInt64"].includes(kinds.get(name));
const wide = (value) => {
  const bits = BigInt.asUintN(64, BigInt(value));
  return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
};
const commands = {
  put,
  add,
  remove: (name) => space.deleteNode(nodes.get(name)),
  sessions: () => console.log(`sessions ${server.engine.currentSessionCount}`),
};
for (const { name, value } of wanted.nodes) {
  add(name);
  put(name, value);
}
await server.start();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...rest] = JSON.parse(line);
  commands[name](...rest);
  console.log("ready");
}
await server.shutdown(0);
process.exit(0);
