import { expect, it } from 'vitest'
import { faultsOf } from './html.ts'

it.each([
  ['<p>a <b>b</b></p>', []],
  ['<p><div></div></p>', ['<div> within <p>']],
  ['<b><i></b></i>', ['</b> where </i> is due', '</i> where </b> is due']],
  ['<a href="/"><button>x</button></a>', ['<button> within <a>']],
  ['<form><form></form></form>', ['<form> within <form>']],
  ['<i style="x"></i>', ['<i style=…>']],
  ['<i onclick="x"></i>', ['<i onclick=…>']],
  ['<i title="<b>"></i>', ['not a tag: <i title="<b>', '</i> where </undefined> is due']],
  ['<i id="a"></i><i id="a"></i>', ['2 elements have the id a']],
  ['<input form="b">', ['there is no element with the id b']],
  ['a & b', ['a bare ampersand: a & b']],
  ['<main>', ['not closed: main']],
  ['<li></li>', ['<li> outside of a list']],
])('%s has the faults %j', (html, faults) => expect(faultsOf(html)).toEqual(faults))
