# TRACE.md: folders go to Trash by RENAME, emptying removes messages and folders
@mail anna Trash 2
@login 1 anna
1> a CREATE Projekt
1< a OK *
1> b RENAME Projekt Trash/Projekt
1< b OK *
1> c SELECT "Trash"
1< c OK *
1> d STORE 1:* +FLAGS.SILENT (\Deleted)
1< d OK *
1> e EXPUNGE
1< * 2 EXPUNGE
1< * 1 EXPUNGE
1< e OK *
1> f LIST "" "Trash/*"
1< * LIST (\HasNoChildren) "/" "Trash/Projekt"
1< f OK *
1> g DELETE "Trash/Projekt"
1< g OK *
1> h LIST "" "Trash*"
1< * LIST (\HasNoChildren \Trash) "/" "Trash"
1< h OK *
