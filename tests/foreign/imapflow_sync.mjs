// ImapFlow against a gateway: a full synchronisation, twice, changes in both directions, IDLE, QRESYNC.
//
// Arguments: the folder with node_modules, and a JSON object with host, ca, imaps (port) and anna
// ({address, password}); anna's INBOX holds at least five messages. Exits 0 when every check held.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { ImapFlow } = createRequire(process.argv[2] + "/")("imapflow");
const world = JSON.parse(process.argv[3]);
const FOLDER = "Befunde/Krüger & Söhne";

function check(what, good, detail = "") {
  if (!good) {
    console.error(`not ok: ${what}:`, detail);
    process.exit(1);
  }
  console.log(`ok: ${what}`);
}

function sees(client, event, fits) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${event}`)), 30_000);
    client.on(event, (said) => {
      if (fits(said)) {
        clearTimeout(late);
        resolve(said);
      }
    });
  });
}

async function connect(more = {}) {
  const client = new ImapFlow({
    host: world.host,
    port: world.imaps,
    secure: true,
    auth: { user: world.anna.address, pass: world.anna.password },
    tls: { ca: readFileSync(world.ca) },
    logger: false,
    ...more,
  });
  client.on("error", (error) => check("no error event", false, error));
  await client.connect();
  return client;
}

// What a client that keeps a full copy knows: every folder, message, flag and byte.
async function everything(client) {
  const tree = {};
  for (const folder of await client.list()) {
    if (folder.flags.has("\\Noselect") || folder.flags.has("\\NonExistent")) continue;
    const lock = await client.getMailboxLock(folder.path);
    try {
      const messages = {};
      if (client.mailbox.exists) {
        const items = { uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, size: true, source: true };
        for await (const m of client.fetch("1:*", items)) {
          check(`size of ${folder.path} ${m.uid}`, m.size === m.source.length);
          const flags = [...m.flags].filter((flag) => flag !== "\\Recent").sort();
          messages[m.uid] = [flags, m.internalDate, m.envelope, m.bodyStructure, m.source.toString("latin1")];
        }
      }
      tree[folder.path] = { validity: String(client.mailbox.uidValidity), messages };
    } finally {
      lock.release();
    }
  }
  return tree;
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const here = await connect();
const there = await connect();
const first = await everything(here);
check("the folders are there", ["INBOX", "Sent", "Drafts", "Trash"].every((name) => name in first), Object.keys(first));
check("special use", (await here.list()).find((folder) => folder.specialUse === "\\Sent")?.path === "Sent");
check("a second full synchronisation finds the same", same(await everything(here), first));

// From this side.
const created = await here.mailboxCreate(FOLDER);
check("created", created.created && created.path === FOLDER, created);
const text = Buffer.from("Subject: =?utf-8?q?R=C3=B6ntgen?=\r\nFrom: a@b.invalid\r\n\r\nBefund\r\n");
const appended = await here.append(FOLDER, text, ["\\Flagged", "$Label1"]);
check("appended with its UID", appended.uid === 1, appended);
let lock = await here.getMailboxLock("INBOX");
const uids = (await here.search({ all: true }, { uid: true })).sort((a, b) => a - b);
const [flagged, moved, copied, deleted] = uids;
const since = here.mailbox.highestModseq;
await here.messageFlagsAdd(String(flagged), ["\\Answered", "$Forwarded"], { uid: true });
const map = await here.messageMove(String(moved), FOLDER, { uid: true });
check("COPYUID of a move", map.uidMap.get(moved) === 2, map);
check("copied", (await here.messageCopy(String(copied), FOLDER, { uid: true })).uidMap.get(copied) === 3);
check("deleted", await here.messageDelete(String(deleted), { uid: true }));
const changed = [];
for await (const m of here.fetch("1:*", { uid: true, flags: true }, { changedSince: since })) changed.push(m.uid);
check("CHANGEDSINCE finds the one", same(changed, [flagged]), changed);
const part = await here.download(String(copied), "TEXT", { uid: true });
let body = "";
for await (const piece of part.content) body += piece;
check("download of a part", first.INBOX.messages[copied][4].replace(/\r/g, "").endsWith(body.replace(/\r/g, "")), body);
lock.release();

// Seen from there.
const tree = await everything(there);
check("flags arrive", ["\\Answered", "$Forwarded"].every((flag) => tree.INBOX.messages[flagged][0].includes(flag)));
check("gone from INBOX", !(moved in tree.INBOX.messages) && !(deleted in tree.INBOX.messages) && copied in tree.INBOX.messages);
const arrived = Object.values(tree[FOLDER].messages).map((m) => m[4]);
check("three came, as they were", arrived.length === 3 && arrived.includes(text.toString("latin1")) && arrived.includes(first.INBOX.messages[moved][4]));

// From there, while this side idles in its mailbox, with QRESYNC.
const watching = await connect({ qresync: true });
const watch = await watching.getMailboxLock("INBOX");
check("QRESYNC is on", watching.enabled.has("QRESYNC"), [...watching.enabled]);
const told = Promise.all([
  sees(watching, "exists", (said) => said.count > said.prevCount),
  sees(watching, "expunge", (said) => said.uid === copied),
  sees(watching, "flags", (said) => said.uid === flagged || said.seq === 1),
]);
watch.release();
const idle = watching.idle();
lock = await there.getMailboxLock("INBOX");
await there.messageFlagsRemove(String(flagged), ["\\Answered"], { uid: true });
await there.append("INBOX", text, []);
await there.messageDelete(String(copied), { uid: true });
lock.release();
await told;
check("IDLE tells of all three", true);
await watching.noop();
await idle;
check("both sides see the same", same(await everything(here), await everything(there)));

const renamed = await here.mailboxRename(FOLDER, "Befunde/Alt");
check("renamed", renamed.newPath === "Befunde/Alt", renamed);
const after = (await everything(there))["Befunde/Alt"];
check("with UIDs and UIDVALIDITY", after.validity === tree[FOLDER].validity && same(Object.keys(after.messages), Object.keys(tree[FOLDER].messages)));
await here.mailboxDelete("Befunde/Alt");
await here.mailboxDelete("Befunde");
check("deleted", !("Befunde/Alt" in (await everything(there))));
check("the last run changes nothing", same(await everything(here), await everything(there)));
for (const client of [here, there, watching]) await client.logout();
console.log("all ok");
