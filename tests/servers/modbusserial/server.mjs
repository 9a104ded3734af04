// A Modbus TCP server on modbus-serial: a peer that shares no code with this project.
// argv[2]: {"port", "registers": [{"table", "address", "type", "value", "word", "byte"}], "bits": [{"table", "address", "value"}]}

import { createRequire } from "node:module";

const ServerTCP = createRequire(import.meta.url)("modbus-serial/servers/servertcp.js");
const wanted = JSON.parse(process.argv[2]);
const held = { coil: new Map(), discrete_input: new Map(), holding_register: new Map(), input_register: new Map() };

const WRITE = {
  int16: (b, v) => b.writeInt16BE(Number(v)),
  uint16: (b, v) => b.writeUInt16BE(Number(v)),
  int32: (b, v) => b.writeInt32BE(Number(v)),
  uint32: (b, v) => b.writeUInt32BE(Number(v)),
  int64: (b, v) => b.writeBigInt64BE(BigInt(v)),
  uint64: (b, v) => b.writeBigUInt64BE(BigInt(v)),
  float32: (b, v) => b.writeFloatBE(Number(v)),
  float64: (b, v) => b.writeDoubleBE(Number(v)),
  bcd16: (b, v) => b.write(String(v).padStart(4, "0"), "hex"),
  bcd32: (b, v) => b.write(String(v).padStart(8, "0"), "hex"),
};

function put({ table, address, type, value, word, byte }) {
  const bytes = Buffer.alloc(Number(type.match(/\d+/)[0]) / 8);
  WRITE[type](bytes, value);
  const words = [];
  for (let at = 0; at < bytes.length; at += 2) {
    words.push(byte === "little" ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  }
  if (word === "little") words.reverse();
  words.forEach((one, place) => held[table].set(address + place, one));
}

wanted.registers.forEach(put);
for (const { table, address, value } of wanted.bits) held[table].set(address, value);

const given = (table) => (address) => {
  if (held[table].has(address)) return held[table].get(address);
  throw Object.assign(new Error("illegal address"), { modbusErrorCode: 2 });
};

const server = new ServerTCP(
  {
    getCoil: given("coil"),
    getDiscreteInput: given("discrete_input"),
    getHoldingRegister: given("holding_register"),
    getInputRegister: given("input_register"),
  },
  { host: "127.0.0.1", port: wanted.port, unitID: 1 },
);
server.on("initialized", () => console.log("ready"));
server.on("socketError", () => {});
server.on("serverError", (error) => console.log(String(error)));
