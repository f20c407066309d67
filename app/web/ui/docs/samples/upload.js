import { openAsBlob } from 'node:fs';

const form = new FormData();
form.append('image', await openAsBlob('harbour.jpg'), 'harbour.jpg');
form.append('description', 'The harbour at noon');

const response = await fetch('https://pichub.example/v1/upload', {
  method: 'POST',
  headers: { Authorization: 'Bearer YOUR_API_TOKEN' },
  body: form,
});
const answer = await response.json();
if (!answer.success) throw new Error(answer.error.details);
console.log(answer.data.url);
