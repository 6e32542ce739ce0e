# RFC 7889, R18: more than APPENDLIMIT is refused before it is sent
@login 1 anna
1> a APPEND Drafts {4000000000}
1< a NO [TOOBIG] *
1! + *
1> b NOOP
1< b OK *
