"""A chat client as an app developer writes it with python-socketio; run by python.test.js.

python_client.py URL sync|async polling|websocket|both ME OTHER [again]

Joins the direct chat, says "hola", then forty numbers without waiting, and ends when it hears "adios". With `again` it comes
back when it is cut. Prints what it hears as JSON, a line each.
Handlers take one argument, as the documentation of python-socketio shows them.
"""
import asyncio
import json
import sys
import threading

import socketio

url, kind, transports, me, other = sys.argv[1:6]
again = sys.argv[6:] == ['again']
options = {} if transports == 'both' else {'transports': [transports]}


def words(sala_uuid, text):
    return {'sala_uuid': sala_uuid, 'message': text, 'sender_id': me, 'timestamp': '2026-02-25T10:00:00.000Z',
            'type': 'directo', 'message_type': 'texto'}


def tell(event, data):
    sys.stdout.write(json.dumps([event, data]) + '\n')  # in one piece: handlers run in threads
    sys.stdout.flush()


def threaded():
    client = socketio.Client(reconnection=again)
    joined, over = threading.Event(), threading.Event()
    room = {}

    @client.on('connected')
    def connected(data):
        tell('connected', data)

    @client.on('direct_chat_joined')
    def direct_chat_joined(data):
        room.update(data)
        joined.set()

    @client.on('receive_message')
    def receive_message(data):
        tell('receive_message', data)
        if data['message'] == 'adios':
            over.set()

    client.connect(url, auth={'user_id': me}, **options)
    client.emit('join_direct_chat', {'other_user_id': other})
    assert joined.wait(10)
    tell('ack', client.call('send_message', words(room['sala_uuid'], 'hola'), timeout=10))
    for n in range(40):
        client.emit('send_message', words(room['sala_uuid'], str(n)))
    assert over.wait(30)
    tell('transport', client.transport())
    client.disconnect()


async def awaited():
    client = socketio.AsyncClient(reconnection=again)
    joined, over = asyncio.Event(), asyncio.Event()
    room = {}

    @client.on('connected')
    async def connected(data):
        tell('connected', data)

    @client.on('direct_chat_joined')
    async def direct_chat_joined(data):
        room.update(data)
        joined.set()

    @client.on('receive_message')
    async def receive_message(data):
        tell('receive_message', data)
        if data['message'] == 'adios':
            over.set()

    await client.connect(url, auth={'user_id': me}, **options)
    await client.emit('join_direct_chat', {'other_user_id': other})
    await asyncio.wait_for(joined.wait(), 10)
    tell('ack', await client.call('send_message', words(room['sala_uuid'], 'hola'), timeout=10))
    for n in range(40):
        await client.emit('send_message', words(room['sala_uuid'], str(n)))
    await asyncio.wait_for(over.wait(), 30)
    tell('transport', client.transport())
    await client.disconnect()


if kind == 'sync':
    threaded()
else:
    asyncio.run(awaited())
