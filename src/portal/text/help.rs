//! The questions of the help page, and what holds for this system.

/// A group of questions.
pub(in crate::portal) struct Group {
    /// Its heading.
    pub(in crate::portal) title: &'static str,
    /// Question, and its answer's paragraphs.
    pub(in crate::portal) questions: &'static [(&'static str, &'static [&'static str])],
}

/// In English.
pub(in crate::portal) static ENGLISH: &[Group] = &[
    Group {
        title: "Your account",
        questions: &[
            (
                "I have just registered. What next?",
                &[
                    "Sign in at any time with your email address and your password. Home shows what your practice has bought, your secure address, and what your account allows.",
                    "To read and write mail, set up a mail program: open “Devices”, choose “Add a device”, and follow what the page shows. Thunderbird finds its settings by itself, iPhone, iPad and Mac take them from a link.",
                ],
            ),
            (
                "What is two-step verification? Is it required?",
                &[
                    "It proves who you are in two ways: by the email address (a link that works once) and by the phone (a code, as a text message or in a call). Registration and every password reset ask for both.",
                    "At sign-in it is on for everybody. You can turn it off under “Security”, unless your practice forbids it; you then need a password of at least 15 characters.",
                    "A code by text or call is safer than a password alone, but whoever takes over your phone number, or sees your screen, can read it. An authenticator app is safer still, and we recommend it.",
                    "An authenticator app can replace the code by phone. You set it up under “Security”; keep the recovery codes you get there.",
                ],
            ),
            (
                "How often may I mistype my password?",
                &[
                    "The 5th different wrong password in a row locks the account, wherever it was tried: here or in a mail program. The same wrong password again counts once, so a phone with an old password does not lock you out.",
                    "Only Support unlocks. Tell Support your account’s email address: you are sent a link for a new password.",
                    "After 30 minutes without activity you are signed out, with a warning 2 minutes before.",
                    "We write to you when somebody signs in to your account in a browser that it does not know. If that was not you: open “Security”, see your sign-ins, sign out everywhere, change your password, and call Support.",
                ],
            ),
            (
                "I have lost a phone. What can I do?",
                &[
                    "Open “Devices” and revoke it. Its connections end within seconds, and everything else goes on working. Each device has an app password of its own, so nothing else has to be changed.",
                ],
            ),
            (
                "How do I reset my password?",
                &[
                    "Choose “I have forgotten my password” on the sign-in page. The link we send is good for an hour and works once; then a code is asked for. If your account is locked, ask Support first.",
                    "Your mail programs go on working: they have app passwords of their own.",
                ],
            ),
            (
                "Can I change my data later?",
                &[
                    "Yes, your own: email address and phone numbers (all are checked again; you choose which one gets the codes), first and last name, time zone, ADA number and specialties, under “Profile”. Your practice’s record is changed by Support alone.",
                ],
            ),
            (
                "Which browsers work? Do phones?",
                &[
                    "A current Chrome, Firefox, Safari or Edge, on a computer, a tablet or a phone. Internet Explorer does not work and is asked to make way for a newer one. The pages need no JavaScript, but they are more convenient with it.",
                ],
            ),
            (
                "Can I update my card and payment data here?",
                &[
                    "Not yet. Until that page exists, write to Support. Card numbers are never entered on this site.",
                ],
            ),
        ],
    },
    Group {
        title: "Secure mail",
        questions: &[
            (
                "I have a paid account. What next?",
                &[
                    "Write to your colleagues. One who has no account yet is invited first: your mail program’s error message holds a link to the invitation page, or you open “Invite a colleague”. There you give name, role and phone. Then send the message again: it waits for your colleague, and an invitation is on its way.",
                    "Your colleague registers by that link, gets a free account, and can reply to you. To begin a conversation, they need a paid account.",
                ],
            ),
            (
                "A person I invited cannot register. What can I do?",
                &[
                    "Usually the role, the email address or the phone was entered wrongly. A User Manager of your practice (Support gives that privilege) opens “People you manage”, sees why the person is stuck, and corrects it.",
                    "The next message to the corrected address sends a new invitation; so does “Send again”. Older links stop working. Once the person has registered, only they change their data.",
                ],
            ),
            (
                "Is there an address book?",
                &[
                    "Yes, for paid accounts: “Contacts” lists the people you have written to, as soon as they have registered. Mail programs and phones have the same list as an address book (CardDAV); devices that are set up by a link or by Thunderbird’s own search have it at once.",
                    "Nobody edits it, and nobody else can look you up.",
                ],
            ),
            (
                "Can I print messages?",
                &["Yes, with your mail program’s print command, one message or several."],
            ),
            (
                "How much can I store and send?",
                &[
                    "The number of messages is unlimited, for paid and free accounts. All attachments of one message together may have 100 MB, unless your practice has a limit of its own; what holds for you is on Home.",
                ],
            ),
            (
                "Which files can I attach?",
                &[
                    "Pictures (jpg, png, gif, bmp, tif, heic), films (mp4, mov), PDF, Word, Excel and PowerPoint without macros, text and CSV, X-ray images (DICOM), models (stl, ply, obj), and ZIP archives of those. The content must be what the name says. Programs, web pages and encrypted messages are refused.",
                ],
            ),
            (
                "Can I add a signature?",
                &[
                    "You can enter it under “Messaging”, where you also choose how you hear of new messages. It is appended to every message you send, also from your mail program; signed messages are left as they are.",
                ],
            ),
            (
                "The times are not in my time zone. Can I change that?",
                &[
                    "Yes, under “Messaging” or “Profile”. Your mail program shows times in your computer’s zone.",
                ],
            ),
            (
                "Can I write to several people at once?",
                &[
                    "No. Each message goes to one person: a second recipient, in To, Cc or Bcc, is refused with a sentence that says so.",
                ],
            ),
            (
                "Can I forward or resend a message?",
                &["No. Write a new message, and copy the text into it by hand where that is needed."],
            ),
            (
                "Can I save a draft?",
                &[
                    "Yes. Your mail program saves it to the Drafts folder, and you find it there on every device.",
                ],
            ),
            (
                "Can a free account attach files to a reply?",
                &["Yes, with the same limits and the same kinds of files as a paid account."],
            ),
            (
                "Why can I only reply?",
                &[
                    "A free account replies to what it receives. To begin conversations and to invite colleagues, ask Support for a paid one.",
                ],
            ),
            (
                "Does this work with our practice software?",
                &[
                    "No. It is a closed system, and there is no connection to practice software. Mail programs are the way in.",
                ],
            ),
            (
                "Will I get spam?",
                &[
                    "No. Only people with an account can write to you, and your address is shown only to those you exchange mail with.",
                ],
            ),
            (
                "Why does my own email address not appear as the sender?",
                &[
                    "Mail in this system always comes from a secure address, so that a reply never leaves the system by mistake. Notices to your ordinary address never hold a subject, a text or a name of a patient.",
                ],
            ),
        ],
    },
    Group {
        title: "TruForm and Collaborator",
        questions: &[(
            "Where do I find them?",
            &[
                "If your practice has bought them, Home lists them. They are not part of these pages yet; Support tells you how to reach them.",
            ],
        )],
    },
];
