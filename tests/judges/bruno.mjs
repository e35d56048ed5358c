// Reads each file of a collection as Bruno does and prints what Bruno would write in its place:
// node bruno.mjs FOLDER gives {"path": "text", …} as JSON, and fails where a file cannot be read.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import bruno from "@usebruno/lang";

const folder = process.argv[2];
// Reading says that a folder is a collection; Bruno does not write that.
const folderBru = ({ meta: { name, seq }, ...others }) => bruno.jsonToCollectionBru({ meta: { name, seq }, ...others });
const forms = {
  "collection.bru": [bruno.collectionBruToJson, bruno.jsonToCollectionBru],
  "folder.bru": [bruno.collectionBruToJson, folderBru],
  environments: [bruno.bruToEnvJsonV2, bruno.envJsonToBruV2],
  request: [bruno.bruToJsonV2, bruno.jsonToBruV2],
};
const saved = {};
for (const path of readdirSync(folder, { recursive: true }).filter((each) => each.endsWith(".bru"))) {
  const [read, write] = forms[path.split("/")[0]] ?? forms[basename(path)] ?? forms.request;
  saved[path] = write(read(readFileSync(join(folder, path), "utf8")));
}
process.stdout.write(JSON.stringify(saved));
