"""Python's own imaplib and smtplib against a gateway: send, read, flag, move, search, reply.

Arguments: a JSON object with host, ca, imap, imaps, submission, submissions (ports), anna and bert
({address, password}). Exits 0 when every check held.
"""
import email
import email.policy
import imaplib
import json
import smtplib
import ssl
import sys
import time
from email.message import EmailMessage

world = json.loads(sys.argv[1])
context = ssl.create_default_context(cafile=world["ca"])
anna, bert = world["anna"], world["bert"]


def check(what, good, detail=""):
    if not good:
        raise SystemExit(f"not ok: {what}: {detail!r}")
    print(f"ok: {what}")


def imap(who, starttls=False):
    if starttls:
        m = imaplib.IMAP4(world["host"], world["imap"], timeout=20)
        m.starttls(context)
    else:
        m = imaplib.IMAP4_SSL(world["host"], world["imaps"], ssl_context=context, timeout=20)
    m.login(who["address"], who["password"])
    return m


def smtp(who, starttls=False):
    if starttls:
        s = smtplib.SMTP(world["host"], world["submission"], timeout=20)
        s.starttls(context=context)
    else:
        s = smtplib.SMTP_SSL(world["host"], world["submissions"], context=context, timeout=20)
    s.login(who["address"], who["password"])
    return s


def letter(sender, to, subject, text, **more):
    m = EmailMessage()
    m["From"], m["To"], m["Subject"] = sender["address"], to["address"], subject
    m["Message-ID"] = email.utils.make_msgid(domain="foreign.invalid")
    m["Date"] = email.utils.localtime()
    for name, value in more.items():
        m[name.replace("_", "-")] = value
    m.set_content(text)
    return m


for starttls in (False, True):
    subject = f"Überweisung Zahn 36 {'starttls' if starttls else 'tls'}"
    m = letter(anna, bert, subject, "Sehr geehrter Kollege,\n.\n..\nein Punkt allein.\n")
    pdf = b"%PDF-1.4\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"
    m.add_attachment(pdf, maintype="application", subtype="pdf", filename="Röntgen 36.pdf")
    with smtp(anna, starttls) as s:
        s.send_message(m)
    box = imap(bert, starttls)
    typ, data = box.select("INBOX")
    check("select", typ == "OK", data)
    typ, data = box.uid("SEARCH", "HEADER", "Message-ID", m["Message-ID"])
    uids = data[0].split()
    check("found by Message-ID, once", len(uids) == 1, data)
    typ, data = box.uid("FETCH", uids[0], "(UID FLAGS RFC822.SIZE BODY.PEEK[])")
    raw = data[0][1]
    got = email.message_from_bytes(raw, policy=email.policy.default)
    check("subject", got["Subject"] == subject, got["Subject"])
    check("text with its dots", got.get_body(("plain",)).get_content().replace("\r\n", "\n") == m.get_body(("plain",)).get_content(), got.get_body(("plain",)).get_content())
    part = next(got.iter_attachments())
    check("attachment", (part.get_filename(), part.get_content()) == ("Röntgen 36.pdf", pdf))
    check("not seen yet", b"\\Seen" not in data[0][0] + data[1], data[1])
    check("store", box.uid("STORE", uids[0], "+FLAGS", r"(\Seen \Flagged $label1)")[0] == "OK")
    box.literal = "RÖNTGEN".encode()
    typ, data = box.uid("SEARCH", "CHARSET", "UTF-8", "TEXT")
    check("text search is decoded and knows no case", typ == "OK", data)
    typ, data = box.uid("SEARCH", "FLAGGED", "SUBJECT", '"zahn 36"')
    check("search", uids[0] in data[0].split(), data)
    check("move", box.uid("MOVE", uids[0], "Archive")[0] == "OK")
    typ, data = box.select("Archive")
    check("moved", int(data[0]) >= 1, data)
    box.logout()
    # The sender's copy is there, read, once.
    sent = imap(anna, starttls)
    sent.select("Sent", readonly=True)
    typ, data = sent.uid("SEARCH", "HEADER", "Message-ID", m["Message-ID"])
    check("one copy in Sent", len(data[0].split()) == 1, data)
    sent.select("Sent")
    copy = m.as_bytes(policy=email.policy.SMTP)
    typ, data = sent.append("Sent", r"(\Seen)", None, copy)
    check("append of the same is recognised", typ == "OK", data)
    sent.noop()
    typ, data = sent.uid("SEARCH", "HEADER", "Message-ID", m["Message-ID"])
    check("still one copy in Sent", len(data[0].split()) == 1, data)
    # A reply goes back.
    reply = letter(bert, anna, "Re: " + subject, "Danke.\n", In_Reply_To=m["Message-ID"])
    with smtp(bert, starttls) as s:
        s.send_message(reply)
    sent.select("INBOX")
    typ, data = sent.uid("SEARCH", "HEADER", "In-Reply-To", m["Message-ID"])
    check("the reply arrived", len(data[0].split()) == 1, data)
    sent.logout()

with smtp(anna) as s:
    try:
        s.sendmail(anna["address"], ["someone@outside.invalid"], b"From: x\r\n\r\n")
        check("outside is refused", False)
    except smtplib.SMTPRecipientsRefused as e:
        code, text = e.recipients["someone@outside.invalid"]
        check("outside is refused with a sentence", 550 <= code < 560 and not text.endswith(b"."), text)
print("all ok")
