# No answer repeats a password, however the line is broken
@connect 1
1< * OK *
1> a LOGIN anna "geheim99
1! *geheim99*
1< a BAD *
1> b LOGIN anna geheim99 geheim99
1! *geheim99*
1< b BAD *
1> c AUTHENTICATE PLAIN geheim99!
1! *geheim99*
1< c BAD *
1> d LOGIN {4096}geheim99
1! *geheim99*
1< d BAD *
