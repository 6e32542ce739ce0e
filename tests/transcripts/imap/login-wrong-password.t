# R4, RFC 5530 §3: one answer for everything that is wrong with a sign-in
@connect 1 imap-tls
1< * OK *
1> a LOGIN "${anna.secure}" "wrong"
1< a NO [AUTHENTICATIONFAILED] The address or the app password is wrong, or the account is locked
1> b LOGIN "nobody@secure.test" "wrong"
1< b NO [AUTHENTICATIONFAILED] The address or the app password is wrong, or the account is locked
1> c LOGIN "${anna.secure}" "${anna.password}"
1< c OK *
