"""From feeds to the topic `articles`."""
