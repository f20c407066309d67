const query = new URLSearchParams({ per_page: '50', format: 'jpg,png', q: 'harbour' });
const response = await fetch(`https://pichub.example/v1/images?${query}`, {
  headers: { Authorization: 'Bearer YOUR_API_TOKEN' },
});
const { data, meta } = await response.json();
for (const image of data) console.log(image.filename, image.thumbnail_url);
console.log(`page ${meta.current_page} of ${meta.last_page}`);
