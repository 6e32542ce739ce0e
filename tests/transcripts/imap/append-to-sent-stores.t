# R28: an APPEND to Sent of what was never submitted stores, each time
@login 1 anna
1> a APPEND Sent (\Seen) {lit+}
<<<
Message-ID: <never-sent@secure.test>
Subject: x

y
>>>
1< a OK [APPENDUID $validity 1] *
1> b APPEND Sent (\Seen) {lit+}
<<<
Message-ID: <never-sent@secure.test>
Subject: x

y
>>>
1< b OK [APPENDUID $validity 2] *
