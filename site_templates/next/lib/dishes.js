/** The dishes, one for each day of the week. Needs are for one person: amount, unit, what. */
export const dishes = [
  {
    slug: 'leek-and-potato-soup', name: 'Leek and potato soup', minutes: 35, colours: ['#cdd59a', '#f3ead0', '#6f8a3c'],
    line: 'Three vegetables, one pot, and the kind of quiet that soup brings.',
    needs: [[1, '', 'leek'], [150, 'g', 'potatoes'], [15, 'g', 'butter'], [300, 'ml', 'stock'], [0, 'a little', 'cream']],
    steps: ['Cut the leeks into rings and wash them twice.', 'Let them go soft in the butter, slowly, for ten minutes.',
      'Add the potatoes in small pieces and the stock, and simmer until they give way.', 'Blend half of it, so that it is smooth and still has something to bite.'],
  },
  {
    slug: 'lemon-spaghetti', name: 'Lemon spaghetti', minutes: 20, colours: ['#f2dc8d', '#fdf6d8', '#5d8a4c'],
    line: 'For evenings that began too late.',
    needs: [[100, 'g', 'spaghetti'], [0.5, '', 'lemon'], [30, 'g', 'hard cheese'], [10, 'g', 'butter'], [0, 'some', 'basil']],
    steps: ['Cook the spaghetti in less water than usual, and keep a cup of it.', 'Stir the zest, the juice and the cheese into a paste.',
      'Toss everything with the butter and as much of the water as makes it shine.'],
  },
  {
    slug: 'red-lentil-dal', name: 'Red lentil dal', minutes: 30, colours: ['#e2a04a', '#f4cf8e', '#a8472f'],
    line: 'Tastes of more work than it was.',
    needs: [[75, 'g', 'red lentils'], [0.5, '', 'onion'], [0.5, 'tsp', 'turmeric'], [0.5, 'tsp', 'cumin seeds'], [50, 'ml', 'coconut milk']],
    steps: ['Boil the lentils with the turmeric until they fall apart.', 'Fry the onions until they are brown, the cumin for the last minute.',
      'Stir both together with the coconut milk, and salt it well.'],
  },
  {
    slug: 'mushroom-toast', name: 'Mushrooms on toast', minutes: 15, colours: ['#c79a6b', '#8d6a4c', '#5f7f45'],
    line: 'A frying pan, a slice of bread, and no talking until it is gone.',
    needs: [[150, 'g', 'mushrooms'], [1, 'slices of', 'bread'], [15, 'g', 'butter'], [0.5, 'cloves of', 'garlic'], [0, 'a lot of', 'parsley']],
    steps: ['Fry the mushrooms in a very hot pan, without moving them at first.', 'Add butter, garlic and parsley when they have taken on colour.',
      'Toast the bread, and give it everything from the pan.'],
  },
  {
    slug: 'tomato-rice', name: 'Tomato rice', minutes: 40, colours: ['#e0694b', '#f0a48b', '#4f7a3f'],
    line: 'What the last tomatoes were waiting for.',
    needs: [[75, 'g', 'rice'], [200, 'g', 'tomatoes'], [0.5, '', 'onion'], [1, 'tbsp', 'olive oil'], [0, 'a handful of', 'olives']],
    steps: ['Grate the tomatoes and throw the skins away.', 'Soften the onion in the oil, stir in the rice, then the tomatoes and twice as much water.',
      'Cover it, and leave it alone for twenty minutes.'],
  },
  {
    slug: 'pancakes', name: 'Pancakes', minutes: 25, colours: ['#e9c27d', '#f7e3b5', '#b0413e'],
    line: 'Supper, whatever anybody says.',
    needs: [[60, 'g', 'flour'], [1, '', 'egg'], [120, 'ml', 'milk'], [10, 'g', 'butter'], [0, 'too much', 'jam']],
    steps: ['Whisk flour, eggs and milk, and let them rest while you lay the table.', 'Fry them thin. The first one is for the cook.', 'Jam.'],
  },
  {
    slug: 'roast-carrots', name: 'Roast carrots with beans', minutes: 50, colours: ['#e58a3c', '#f2ddb6', '#7c8f3e'],
    line: 'The oven does the work; you read.',
    needs: [[200, 'g', 'carrots'], [120, 'g', 'white beans'], [1, 'tbsp', 'olive oil'], [0.5, 'tsp', 'honey'], [0, 'a few', 'hazelnuts']],
    steps: ['Roast the carrots whole at 220 degrees, with the oil, for half an hour.', 'Add the beans and the honey for the last ten minutes.', 'Break the nuts over it.'],
  },
];

/** The dish of that day. */
export function tonight(date) {
  return dishes[(date.getDay() + 6) % 7];
}

export function find(slug) {
  return dishes.find((dish) => dish.slug === slug);
}
