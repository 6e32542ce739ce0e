# RFC 9051 §5.5: dependent commands that are pipelined run in the order they came: child before parent
@login 1 anna
1> <raw> "a CREATE Akten\r\nb CREATE Akten/2026\r\nc APPEND Akten/2026 {10+}\r\nSubject: x\r\nd DELETE Akten/2026\r\ne DELETE Akten\r\nf LIST \"\" Akten*\r\n"
1< a OK *
1< b OK *
1< c OK *
1< d OK *
1< e OK *
1! * LIST *
1< f OK *
1> <raw> "g CREATE A\r\nh RENAME A B\r\ni RENAME B C\r\nj SELECT C\r\nk CLOSE\r\nl DELETE C\r\nm SELECT C\r\n"
1< g OK *
1< h OK *
1< i OK *
1< j OK *
1< k OK *
1< l OK *
1< m NO [NONEXISTENT] *
