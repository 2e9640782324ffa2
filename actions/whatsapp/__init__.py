"""Messages of WhatsApp: what is registered, what is sent of it, and what the answer means.

| module        | its job                                                        |
|---------------|----------------------------------------------------------------|
| registered.py | a message template as WhatsApp has it: which values it takes    |
| places.py     | {{1}} and {{name}} in a registered text                         |
| faults.py     | what is wrong with a template as it was entered                |
| values.py     | what each value may be; refused before anything is sent         |
| letter.py     | the message: as it is sent, and as its reader sees it           |
| answers.py    | what an answer means, by the table in `providers/whatsapp.py`   |
"""
