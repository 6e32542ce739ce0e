"""IMAPClient against a gateway: a full synchronisation, twice, and changes in both directions.

Arguments: a JSON object with host, ca, imaps (port) and anna ({address, password}); anna's INBOX holds at
least five messages. Exits 0 when every check held.
"""
import json
import ssl
import sys

from imapclient import IMAPClient

world = json.loads(sys.argv[1])
context = ssl.create_default_context(cafile=world["ca"])
FOLDER = "Befunde/Müller & Söhne"


def check(what, good, detail=""):
    if not good:
        raise SystemExit(f"not ok: {what}: {detail!r}")
    print(f"ok: {what}")


def connect():
    client = IMAPClient(world["host"], port=world["imaps"], ssl_context=context, timeout=20)
    client.login(world["anna"]["address"], world["anna"]["password"])
    return client


def flags_of(answer):
    return sorted(flag.decode() for flag in answer[b"FLAGS"] if flag != b"\\Recent")


def everything(client):
    """What a client that keeps a full copy knows: every folder, message, flag and byte."""
    tree = {}
    for flags, delimiter, name in client.list_folders():
        check(f"delimiter of {name}", delimiter == b"/", delimiter)
        if b"\\Noselect" in flags or b"\\NonExistent" in flags:
            continue
        selected = client.select_folder(name, readonly=True)
        messages = {}
        uids = client.search("ALL")
        if uids:
            answer = client.fetch(uids, ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[]"])
            for uid, data in answer.items():
                check(f"size of {name} {uid}", data[b"RFC822.SIZE"] == len(data[b"BODY[]"]))
                messages[uid] = (flags_of(data), data[b"INTERNALDATE"], data[b"ENVELOPE"].subject, data[b"BODY[]"])
        status = client.folder_status(name, ["MESSAGES", "UIDNEXT", "UIDVALIDITY"])
        check(f"STATUS of {name}", status[b"MESSAGES"] == len(messages) == selected[b"EXISTS"], status)
        tree[name] = (selected[b"UIDVALIDITY"], status[b"UIDNEXT"], messages)
    return tree


here, there = connect(), connect()
check("special use", here.find_special_folder(b"\\Sent") == "Sent", here.find_special_folder(b"\\Sent"))
first = everything(here)
check("the folders are there", {"INBOX", "Sent", "Drafts", "Trash"} <= set(first), list(first))
check("a second full synchronisation finds the same", everything(here) == first)

# From this side.
check("create", not here.folder_exists(FOLDER) and here.create_folder(FOLDER) is not None)
here.subscribe_folder(FOLDER)
text = "Subject: =?utf-8?q?R=C3=B6ntgen?=\r\nFrom: a@b.invalid\r\n\r\nBefund\r\n".encode()
here.append(FOLDER, text, flags=[b"\\Flagged", b"$Label1"])
here.select_folder("INBOX")
uids = sorted(here.search("ALL"))
flagged, moved, copied, deleted = uids[:4]
here.add_flags(flagged, [b"\\Answered", b"$Forwarded"])
here.move([moved], FOLDER)
here.copy([copied], FOLDER)
here.delete_messages([deleted])
here.uid_expunge([deleted])

# Seen from there.
tree = everything(there)
inbox, folder = tree["INBOX"][2], tree[FOLDER][2]
check("flags arrive", {"\\Answered", "$Forwarded"} <= set(inbox[flagged][0]), inbox[flagged][0])
check("moved and deleted are gone", moved not in inbox and deleted not in inbox and copied in inbox)
check("three came", len(folder) == 3, folder)
check("bytes as appended", text in [m[3] for m in folder.values()])
check("moved with its bytes", first["INBOX"][2][moved][3] in [m[3] for m in folder.values()])
check("subscribed", FOLDER in [name for _, _, name in there.list_sub_folders()])
there.select_folder(FOLDER)
check("search in UTF-8", len(there.search(["SUBJECT", "röntgen"], "UTF-8")) == 1)

# From there, while this side idles.
here.select_folder("INBOX")
here.idle()
there.select_folder("INBOX")
there.remove_flags(flagged, [b"\\Answered"])
there.append("INBOX", text)
there.delete_messages([copied])
there.expunge()
heard = []
for _ in range(40):
    heard += here.idle_check(timeout=1)
    kinds = {item[1] for item in heard}
    if {b"EXISTS", b"EXPUNGE", b"FETCH"} <= kinds:
        break
here.idle_done()
check("IDLE tells of all three", {b"EXISTS", b"EXPUNGE", b"FETCH"} <= {item[1] for item in heard}, heard)
check("both sides see the same", everything(here) == everything(there))

here.rename_folder(FOLDER, "Befunde/Alt")
before, after = tree[FOLDER], everything(there)["Befunde/Alt"]
check("renamed with UIDs and UIDVALIDITY", before[0] == after[0] and set(before[2]) == set(after[2]), after)
here.delete_folder("Befunde/Alt")
here.delete_folder("Befunde")
check("deleted", "Befunde/Alt" not in everything(there))
last = everything(here)
check("the last run changes nothing", everything(there) == last)
here.logout()
there.logout()
print("all ok")
