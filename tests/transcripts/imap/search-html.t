# RFC 9051 §6.4.4: text/html is text
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

plain
--b
Content-Type: text/html

<p>Guten <b>Morgen</b></p>
--b--
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH BODY morgen
1< * SEARCH 1
1< b OK *
1> c SEARCH BODY "<b>"
1< * SEARCH 1
1< c OK *
