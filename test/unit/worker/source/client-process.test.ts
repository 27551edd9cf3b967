import { describe, expect, it } from 'vitest'
import { uidsOf } from '../../../../runtime/worker/source/client-process.ts'

/** As Linux 6.18 wrote them on x86-64, at curl's requests to a server of uid 0. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:A38F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1292922 2 000000009fd6f6e9 100 0 0 10 4096                
 304: 0100007F:A38F 0100007F:A756 01 00000000:00000000 00:00000000 00000000     0        0 1413012 1 000000003d81b658 20 4 30 10 -1                  
 311: 0100007F:A756 0100007F:A38F 01 00000000:00000000 02:0000176F 00000000 65534        0 1413312 3 00000000af0e8112 20 0 0 11 -1                   
 312: 0100007F:A75A 0100007F:A38F 01 00000000:00000000 02:0000176F 00000000  1000        0 1413030 3 00000000493ea5b1 20 0 0 11 -1                   
 313: 0200007F:A75A 0100007F:A38F 01 00000000:00000000 02:0000176F 00000000  1001        0 1413031 3 00000000493ea5b2 20 0 0 11 -1                   
 314: 0100007F:A760 0100007F:A38F 06 00000000:00000000 03:0000176F 00000000     0        0 0 3 00000000493ea5b3                                       
`
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   1: 0000000000000000FFFF00000100007F:A758 0000000000000000FFFF00000100007F:A38F 01 00000000:00000000 02:0000176F 00000000 65534        0 1413318 3 000000006aab15da 20 0 0 11 -1
`
const from = (remotePort: number, remoteAddress = '127.0.0.1') => ({
  remoteAddress,
  remotePort,
  localAddress: '127.0.0.1',
  localPort: 0xa38f,
})

describe('the owner of the other end of a connection', () => {
  it.each([
    { what: 'by its port', table: TCP, connection: from(0xa756), uids: [65_534] },
    {
      what: 'by its address, of two with the same port',
      table: TCP,
      connection: from(0xa75a),
      uids: [1_000],
    },
    { what: 'from another address', table: TCP, connection: from(0xa75a, '127.0.0.2'), uids: [1_001] },
    { what: 'by IPv6', table: TCP6, connection: from(0xa758), uids: [65_534] },
    { what: 'unknown, when it is closed', table: TCP, connection: from(0xa760), uids: [] },
    { what: 'unknown, when it is not there', table: TCP, connection: from(0xa758), uids: [] },
    { what: 'unknown, without a table', table: '', connection: from(0xa756), uids: [] },
    { what: 'unknown, when our end is closed', table: TCP, connection: {}, uids: [] },
  ])('is found: $what', ({ table, connection, uids }) => {
    expect(uidsOf(table, connection, true)).toEqual(uids)
  })

  it('is found in the other byte order as well', () => {
    const swapped = TCP.replaceAll('0100007F', '7F000001')
    expect(uidsOf(swapped, from(0xa756), false)).toEqual([65_534])
    expect(uidsOf(swapped, from(0xa756), true)).toEqual([])
  })
})
