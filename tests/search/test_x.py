import json
from search import query, report
from spaces.catalogue import Catalogue
from pathlib import Path
def test_x(filled):
    s=filled.search
    b=query.best(s,filled.studies); st=query.status(s,filled.studies,False)
    for w in (120,80,45):
        print("="*w)
        print(report.render(b,"best",width=w)); print(report.render(st,"status",width=w))
        print(report.answer(b,st,"sqlite:////a/b.db",width=w))
        print(report.render(query.tasks(Catalogue.load()),"tasks",width=w))
        print(report.render({"searches":[{"search":"small","state":"over","recipes":st["budget"]["recipes"],"work_items":st["work_items"],"best":{"related":{"mix":"a:1","score":.5,"gain":.1}},"problem":None}]},"searches",width=w))
    print(report.render(b,"best","csv")); print(report.render(st,"status","csv"));
    report.figure(b,Path("/tmp/tm/fig.png"))
