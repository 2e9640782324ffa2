"""What providers of messages document: one table each, from which everything that knows them reads.

The action that calls one reads what an answer means, the page of a run the sentence, the sandbox
how to answer, and the tests go over every row.
"""
